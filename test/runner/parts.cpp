#include "runner/parts.hpp"

#include <boost/algorithm/string/join.hpp>

namespace carillon::test {
namespace {

std::string_view name_of(returned_claim::kind what)
{
    using kind = returned_claim::kind;
    return what == kind::withdrawn ? "withdrawn" : what == kind::begun ? "begun" : "unbegun";
}

std::string_view name_of(claim_request::kind what)
{
    using kind = claim_request::kind;
    return what == kind::fresh ? "claim" : what == kind::recovered ? "recover" : "retry";
}

/** `claim a@60, remember a@120`. */
std::string words_of(const store_changes& batch)
{
    strings out;
    for (const returned_claim& r : batch.returned)
        out.push_back(
            "return " + at_second(r.chain, r.scheduled_at) + " " + std::string(name_of(r.what)));
    for (const claim_request& r : batch.claims)
        out.push_back(std::string(name_of(r.what)) + " " + at_second(r.chain, r.scheduled_at));
    for (const missed_record& m : batch.missed)
        out.push_back(
            "miss " + at_second(m.chain, m.from) + " " + std::to_string(m.count) + " " +
            std::string(to_string(m.reason)));
    for (const job_memory& m : batch.memories)
        out.push_back("remember " + (m.next == instant::max() ? m.job : at_second(m.job, m.next)));
    for (const std::string& name : batch.forgotten) out.push_back("forget " + name);
    return boost::algorithm::join(out, ", ");
}

/** `completed`, `skipped overlap`. */
std::string end_of(const run_record& run)
{
    if (!run.outcome) return "open";
    std::string out(to_string(*run.outcome));
    if (run.reason) out += " " + std::string(to_string(*run.reason));
    return out;
}

/** Empty for what the tests of parts do not look at. */
std::string words_of(const event& e)
{
    return std::visit(
        overloaded{
            [](const run_started& s) {
                return "started " + at_second(s.run.chain, s.run.scheduled_at);
            },
            [](const run_ended& s) {
                return "ended " + at_second(s.run.chain, s.run.scheduled_at) + " " + end_of(s.run);
            },
            [](const run_skipped& s) {
                return "skipped " + at_second(s.first.name, s.scheduled_at) + " " +
                       std::string(to_string(s.reason));
            },
            [](const runs_missed& m) {
                return "missed " + at_second(m.first.name, m.from) + " " + std::to_string(m.count) +
                       " " + std::string(to_string(m.reason));
            },
            [](const overlap_persists& p) { return "persists " + std::to_string(p.in_a_row); },
            [](const store_failed&) { return std::string("store failed"); },
            [](const record_failed& f) { return "lost " + f.run.chain; },
            [](const auto&) { return std::string(); }},
        e);
}

} // namespace

shared_parts::shared_parts()
{
    shared->limiter = std::make_shared<detail::limiter>(
        shared->executor, shared->time, detail::limiter::bounds{}, [](const circuit_change&) {});
    store.on_batch = [this](const store_changes& batch) { log.push_back(words_of(batch)); };
    store.on_end = [this](const run_record& run) {
        log.push_back("record " + at_second(run.chain, run.scheduled_at) + " " + end_of(run));
    };
    shared->listeners->add([this](const event& e) {
        if (std::string words = words_of(e); !words.empty()) log.push_back(std::move(words));
    });
}

shared_parts::~shared_parts()
{
    // Handlers refer to parts: they go first.
    ctx.stop();
    store.batches.clear();
    store.ends.clear();
    store.questions.clear();
}

void shared_parts::answer_all(const error_code& ec)
{
    for (poll(); !store.batches.empty() || !store.ends.empty(); poll())
        store.batches.empty() ? store.answer_end(ec) : store.answer_batch(ec);
}

run_parts::run_parts()
{
    journal->serve(
        owner, {.recall = [this](const auto& names) { return plan.recall(names); },
                .on_idle = [] {},
                .on_still_failing = [] {},
                .is_needed = [] { return true; },
                .on_recovered = [] {}});
    work.serve(owner, [] {});
    life.serve(owner, [](bool) {});
    runs.serve({.resume = [](const auto&) {}, .on_turn_over = [](const std::string&) {}});
}

void run_parts::end_all()
{
    shared->listeners->forget_all();
    answer_all();
    while (runs.running() > 0) { // what is answered may begin others
        runs.cancel_all();
        answer_all();
    }
    shared->limiter->close();
}

void run_parts::start(std::vector<job> jobs, std::vector<job_memory> memories)
{
    plan.set(job_set::create(std::move(jobs)).value());
    life.run([](error_code) {});
    plan.start();
    life.loaded();
    plan.assign(std::move(memories));
}

void run_parts::stop_firing()
{
    life.begin_stop();
    life.stopped();
}

void run_parts::cancel_runs()
{
    life.cancel();
    runs.cancel_all();
}

void run_parts::set_jobs(std::vector<job> jobs)
{
    plan.set(job_set::create(std::move(jobs)).value());
    plan.assign();
}

} // namespace carillon::test
