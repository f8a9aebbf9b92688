#include "config/expect_reader.hpp"

#include <carillon/detail/text.hpp>

#include <cmath>
#include <vector>

namespace carillon::app {
namespace {

class expect_reader {
public:
    expect_reader(reading& r, const std::string& file, table_reader& in)
        : reading_(r), file_(file), in_(in)
    {}

    bool read(expectation& expect)
    {
        const toml_table* table = in_.table("expect");
        if (table == nullptr) return false;
        table_reader t(reading_, file_, *table, {"expect", &in_.path()});
        if (const toml_node* status = t.any("status")) read_statuses(t, *status, expect.status);
        if (const toml_table* checks = t.table("json")) {
            table_reader c(reading_, file_, *checks, {"json", &t.path()});
            expect.json.clear();
            for (const toml_entry& e : *checks)
                read_check(c, std::string(e.name), e.value, expect.json);
        }
        t.size("max_body", expect.max_body_bytes);
        t.finish();
        return true;
    }

private:
    void read_statuses(table_reader& t, const toml_node& given, std::vector<status_range>& out)
    {
        static constexpr const char* allowed =
            "must be a status such as 200 or \"2xx\", from 100 to 599";
        const std::size_t errors_before = reading_.errors.size();
        std::vector<status_range> read;
        for_each_value(given, [&](const toml_node& n) {
            const auto text = status_text(t, "status", n, allowed);
            if (!text) return;
            if (const auto range = parse_status(*text))
                read.push_back(*range);
            else
                t.fail_at(n, "status", allowed);
        });
        // One error for a list is enough.
        if (reading_.errors.size() == errors_before) out = std::move(read);
    }

    void read_check(
        table_reader& c,
        const std::string& pointer,
        const toml_node& value,
        std::vector<json_check>& out)
    {
        json_check check{.pointer = pointer};
        if (const auto* bounds = value.as_table()) {
            if (read_bounds(c, pointer, *bounds, check)) out.push_back(std::move(check));
            return;
        }
        for_each_value(value, [&](const toml_node& n) {
            if (const auto* text = n.as_text()) {
                if (const auto filled = c.filled_in(n, pointer, *text))
                    check.any_of.emplace_back(*filled);
            } else if (const auto* number = n.as_integer())
                check.any_of.emplace_back(*number);
            else if (const auto* real = n.as_real(); real != nullptr && std::isfinite(*real))
                check.any_of.emplace_back(*real);
            else if (const auto* truth = n.as_boolean())
                check.any_of.emplace_back(*truth);
            else
                c.fail_at(
                    n, pointer,
                    "must be a text, a number, true, false, a list of such values, or "
                    "bounds such as { min = 1 }");
        });
        out.push_back(std::move(check));
    }

    /** Whether all of it could be read. Bounds that could not be read are not checked further. */
    bool read_bounds(
        table_reader& c, const std::string& pointer, const toml_table& table, json_check& out)
    {
        const std::size_t errors_before = reading_.errors.size();
        table_reader t(reading_, file_, table, {pointer, &c.path()});
        read_bound(t, "min", out.min);
        read_bound(t, "max", out.max);
        t.finish();
        return reading_.errors.size() == errors_before;
    }

    /** A whole number stays one: as a fraction a large one would be another. */
    static void read_bound(table_reader& t, const char* key, json_primitive& out)
    {
        const toml_node* n = t.any(key);
        if (n == nullptr) return;
        const auto* real = n->as_real();
        if (const auto* whole = n->as_integer())
            out = *whole;
        else if (real != nullptr && std::isfinite(*real))
            out = *real;
        else
            t.fail(key, "must be a number");
    }

    reading& reading_;
    const std::string& file_;
    table_reader& in_;
};

} // namespace

bool read_expectation(reading& r, const std::string& file, table_reader& in, expectation& out)
{
    return expect_reader(r, file, in).read(out);
}

std::optional<status_range> parse_status(std::string_view text)
{
    const bool is_class = text.size() == 3 && text.substr(1) == "xx";
    if (text.size() != 3 || text[0] < '1' || text[0] > '5') return std::nullopt;
    if (!is_class && !(detail::is_digit(text[1]) && detail::is_digit(text[2]))) return std::nullopt;
    const auto digit = [&](std::size_t i) { return is_class ? 0 : text[i] - '0'; };
    const auto first = static_cast<std::uint16_t>((text[0] - '0') * 100 + digit(1) * 10 + digit(2));
    return status_range{first, static_cast<std::uint16_t>(first + (is_class ? 99 : 0))};
}

std::optional<std::string>
status_text(table_reader& t, const char* key, const toml_node& n, const char* allowed)
{
    if (const auto* number = n.as_integer()) return std::to_string(*number);
    if (const auto* text = n.as_text()) return t.filled_in(n, key, *text);
    t.fail_at(n, key, allowed);
    return std::nullopt;
}

} // namespace carillon::app
