#include "runner/core/work_count.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

using namespace carillon::detail;

namespace work_counts {

/** A count whose owner notes when it is told of an end. */
struct one_count {
    std::shared_ptr<int> owner = std::make_shared<int>();
    work_count work;
    std::vector<bool> ends; // whether nothing was under way then

    one_count()
    {
        work.serve(owner, [this] { ends.push_back(work.is_idle()); });
    }
};

} // namespace work_counts

BOOST_FIXTURE_TEST_SUITE(work_counts, one_count)

BOOST_AUTO_TEST_CASE(a_handler_counts_until_it_has_done_its_work)
{
    BOOST_TEST(work.is_idle());
    int got = 0;
    auto handler = work.track([&](int n) {
        got = n;
        BOOST_TEST(!work.is_idle());
    });
    BOOST_TEST(!work.is_idle());
    handler(7);
    BOOST_TEST(got == 7);
    BOOST_TEST(ends == std::vector{true});
}

BOOST_AUTO_TEST_CASE(a_handler_that_is_destroyed_uncalled_counts_no_more)
{
    {
        const auto handler = work.track([] { BOOST_ERROR("It was called."); });
    }
    BOOST_TEST(work.is_idle());
    BOOST_TEST(ends.empty());
}

BOOST_AUTO_TEST_CASE(a_handler_that_is_moved_counts_once)
{
    auto first = work.track([] {});
    const auto other = work.track([] {});
    auto moved = std::move(first);
    moved();
    BOOST_TEST(ends == std::vector{false}); // the other is under way
    BOOST_TEST(!work.is_idle());
}

BOOST_AUTO_TEST_CASE(a_handler_keeps_the_owner_until_it_is_gone)
{
    const std::weak_ptr<int> seen = owner;
    auto handler = std::optional(work.track([&] { BOOST_TEST(!seen.expired()); }));
    owner.reset();
    BOOST_TEST(!seen.expired());
    (*handler)();
    handler.reset();
    BOOST_TEST(seen.expired());
}

BOOST_AUTO_TEST_CASE(a_handler_that_nothing_waits_for_is_called_while_the_owner_lives)
{
    int calls = 0;
    auto handler = work.while_alive([&] { ++calls; });
    BOOST_TEST(work.is_idle());
    handler();
    BOOST_TEST(calls == 1);
    owner.reset();
    handler();
    BOOST_TEST(calls == 1);
    BOOST_TEST(ends.empty());
}

BOOST_AUTO_TEST_SUITE_END()
