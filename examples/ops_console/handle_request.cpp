#include "handle_request.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string_view>

namespace http = boost::beast::http;
namespace json = boost::json;

namespace ops_console {
namespace {

response reply(http::status code, std::string_view status, std::string_view message)
{
    response res;
    res.result(code);
    res.set(http::field::content_type, "application/json");
    res.body() = json::serialize(json::object{{"status", status}, {"message", message}});
    return res;
}

} // namespace

response handle_request(const request& req, const carillon::secret& api_key)
{
    // What the job has done; the real one would do it here, off this thread where it takes long.
    std::string_view done;
    if (req.target() == "/ops/jobs/compute-stickiness") done = "Stickiness computation completed";
    if (req.target() == "/ops/jobs/detect-silent-churn") done = "Silent churn detection completed";

    if (done.empty()) return reply(http::status::not_found, "error", "no such route");
    if (req.method() != http::verb::post) {
        response res = reply(http::status::method_not_allowed, "error", "method not allowed");
        res.set(http::field::allow, "POST");
        return res;
    }
    if (req["X-API-Key"] != api_key.reveal())
        return reply(http::status::unauthorized, "error", "invalid API key");
    return reply(http::status::ok, "completed", done);
}

} // namespace ops_console
