#include "status_page.hpp"

#include <carillon/job/run_json.hpp>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <variant>

namespace http = boost::beast::http;
namespace json = boost::json;

namespace ops_console {

void status_page::on_event(const carillon::event& e)
{
    const auto* ended = std::get_if<carillon::run_ended>(&e);
    if (ended == nullptr) return;
    // The record is there during the call only.
    last_run_ = carillon::to_json(ended->run);
    ++runs_ended_;
}

std::optional<response> status_page::answer(const request& req) const
{
    if (req.target() != "/status") return std::nullopt;
    response res;
    res.set(http::field::content_type, "application/json");
    if (req.method() != http::verb::get) {
        res.result(http::status::method_not_allowed);
        res.set(http::field::allow, "GET");
        res.body() = R"({"status":"error","message":"method not allowed"})";
        return res;
    }
    const json::object page{
        {"status", last_run_ ? last_run_->at("outcome") : json::value("waiting")},
        {"message", last_run_ ? "the last run has ended" : "no run has ended yet"},
        {"runs_ended", runs_ended_},
        {"last_run", last_run_ ? json::value(*last_run_) : json::value()}};
    res.result(http::status::ok);
    res.body() = json::serialize(page);
    return res;
}

} // namespace ops_console
