#include "job/run_members.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/job/run_json.hpp>

#include <boost/json/array.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <string_view>
#include <vector>

namespace json = boost::json;

namespace carillon {
namespace {

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

/** Adds members to an object of Boost.JSON. */
class tree_members {
public:
    explicit tree_members(json::object& to) : to_(to) {}

    void add(const char* key, std::string_view name) { to_[key] = view(name); }
    void add(const char* key, int number) { to_[key] = number; }
    void add(const char* key, double number) { to_[key] = number; }
    void add_text(const char* key, std::string_view text) { to_[key] = detail::as_utf8(text); }
    void add_null(const char* key) { to_[key] = nullptr; }

    template <class Record>
    void add_list(const char* key, const std::vector<Record>& records)
    {
        json::array& all = to_[key].emplace_array();
        for (const Record& r : records) {
            tree_members one(all.emplace_back(json::object_kind).get_object());
            detail::add_members(one, r);
        }
    }

private:
    json::object& to_;
};

} // namespace

json::object to_json(const job_record& j)
{
    json::object o;
    tree_members to(o);
    detail::add_members(to, j);
    return o;
}

json::object to_json(const run_record& r)
{
    json::object o{
        {"run", boost::uuids::to_string(r.id)},
        {"chain", view(r.chain)},
        {"scheduled_at", format_utc(r.scheduled_at)},
        {"trigger", view(to_string(r.trigger))},
        {"outcome", r.outcome ? view(to_string(*r.outcome)) : view("running")}};
    tree_members to(o);
    detail::add_name_or_null(to, "reason", r.reason);
    to.add("started_at", format_utc(r.started_at));
    o["ended_at"] = r.ended_at ? json::value(format_utc(*r.ended_at)) : json::value();
    to.add("lateness_ms", detail::in_ms(r.lateness));
    o["fence"] = r.fence;
    to.add_list("jobs", r.jobs);
    return o;
}

} // namespace carillon
