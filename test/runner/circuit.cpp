#include "runner/limit/circuit.hpp"

#include "print.hpp"

#include <boost/test/unit_test.hpp>

using namespace carillon;
using namespace carillon::detail;
using namespace std::chrono_literals;

namespace circuits {

using answer = circuit::answer;

/** Opens a circuit at an instant. */
circuit opened(microseconds at)
{
    circuit c;
    for (int i = 0; i < circuit::failures_to_open; ++i) c.failed(at, false);
    return c;
}

} // namespace circuits

BOOST_AUTO_TEST_SUITE(circuits)

BOOST_AUTO_TEST_CASE(stays_closed_below_the_bound)
{
    circuit c;
    for (int i = 1; i < circuit::failures_to_open; ++i) {
        BOOST_TEST(!c.failed(1s, false));
        BOOST_TEST(c.ask(1s) == answer::pass);
    }
    BOOST_TEST(c.failed(1s, false));
    BOOST_TEST(c.is_open());
    BOOST_TEST(c.ask(1s) == answer::wait);
}

BOOST_AUTO_TEST_CASE(a_connection_between_failures_begins_the_count_anew)
{
    circuit c;
    for (int i = 0; i < 10; ++i) {
        for (int n = 1; n < circuit::failures_to_open; ++n) c.failed(1s, false);
        BOOST_TEST(!c.succeeded());
        BOOST_TEST(!c.is_open());
    }
}

BOOST_AUTO_TEST_CASE(lets_one_probe_through_at_a_time)
{
    circuit c = opened(10s);
    BOOST_TEST(c.ask(10s + circuit::first_wait - 1us) == answer::wait);
    BOOST_TEST(c.ask(10s + circuit::first_wait) == answer::probe);
    BOOST_TEST(c.ask(1h) == answer::wait);
    c.abandoned();
    BOOST_TEST(c.ask(1h) == answer::probe);
}

BOOST_AUTO_TEST_CASE(the_wait_doubles_with_each_failed_probe_up_to_its_bound)
{
    circuit c = opened(0s);
    microseconds now{0};
    for (const microseconds wait : {1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}) {
        BOOST_TEST((c.next_probe() - now).count() == wait.count());
        now = c.next_probe();
        BOOST_TEST(c.ask(now) == answer::probe);
        BOOST_TEST(!c.failed(now, true));
    }
    BOOST_TEST(c.succeeded());
    BOOST_TEST(c.ask(now) == answer::pass);
    BOOST_TEST(c.failures() == 0);
}

BOOST_AUTO_TEST_CASE(attempts_from_before_it_opened_put_no_probe_off)
{
    circuit c = opened(10s);
    const microseconds due = c.next_probe();
    for (int i = 0; i < 95; ++i) BOOST_TEST(!c.failed(10s + 500ms, false));
    BOOST_TEST(c.next_probe().count() == due.count());
    BOOST_TEST(c.ask(due) == answer::probe);
    c.failed(due, false); // still not the probe
    BOOST_TEST(c.ask(1h) == answer::wait);
    BOOST_TEST(c.failures() == circuit::failures_to_open + 96);
}

BOOST_AUTO_TEST_SUITE_END()
