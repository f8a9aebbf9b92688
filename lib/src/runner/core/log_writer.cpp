#include "runner/core/log_writer.hpp"

#include <boost/log/attributes/attribute_name.hpp>
#include <boost/log/attributes/attribute_value.hpp>
#include <boost/log/attributes/attribute_value_impl.hpp>
#include <boost/log/attributes/attribute_value_set.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace logging = boost::log;

namespace carillon {
namespace detail {
namespace {

/** Made once: most records are of a level that nobody wants, and cost no more than the question. */
const logging::attribute_value& severity(log_level level)
{
    static const std::array<logging::attribute_value, 4> values{
        logging::attributes::make_attribute_value(log_level::debug),
        logging::attributes::make_attribute_value(log_level::info),
        logging::attributes::make_attribute_value(log_level::warning),
        logging::attributes::make_attribute_value(log_level::error)};
    return values.at(static_cast<std::size_t>(level));
}

/** An entry as an attribute's value: its message to those that ask for a text, itself to those that
 * know of entries. */
class entry_value final : public logging::attribute_value::impl {
public:
    explicit entry_value(shared_log_entry e) : entry_(std::move(e)) {}

    bool dispatch(logging::type_dispatcher& to) override
    {
        if (const auto take = to.get_callback<shared_log_entry>())
            take(entry_);
        else if (const auto take_text = to.get_callback<std::string>())
            take_text(entry_->message);
        else
            return false;
        return true;
    }

    boost::typeindex::type_index get_type() const override
    {
        return boost::typeindex::type_id<shared_log_entry>();
    }

private:
    shared_log_entry entry_;
};

} // namespace

void write_if_wanted(log_level level, const std::function<log_entry()>& make)
{
    const auto core = logging::core::get();
    if (!core->get_logging_enabled()) return;
    static const logging::attribute_name severity_name("Severity");
    logging::attribute_value_set attributes(3); // as many as a wanted record has
    attributes.insert(severity_name, severity(level));
    logging::record record = core->open_record(std::move(attributes));
    if (!record) return;
    static const logging::attribute_name message_name("Message");
    static const logging::attribute_name entry_name("Entry");
    const logging::attribute_value entry(new entry_value(std::make_shared<log_entry>(make())));
    record.attribute_values().insert(message_name, entry);
    record.attribute_values().insert(entry_name, entry);
    core->push_record(std::move(record));
}

} // namespace detail

std::string_view to_string(log_level l) noexcept
{
    switch (l) {
    case log_level::debug:
        return "debug";
    case log_level::info:
        return "info";
    case log_level::warning:
        return "warning";
    case log_level::error:
        return "error";
    }
    return "unknown";
}

void write_log(log_entry entry)
{
    detail::write_if_wanted(entry.level, [&] { return std::move(entry); });
}

} // namespace carillon
