#include "service/one_run.hpp"

#include "base/exit_code.hpp"
#include "config_fixture.hpp"
#include <carillon/store/sqlite_store_reader.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>

using namespace carillon;
using namespace carillon::app;

namespace {

/** One job, whose endpoint is a socket of the folder. */
struct one_run_fixture : config_fixture {
    const std::string socket = (folder / "socket").string();

    configuration one_job() const
    {
        configuration config;
        job a{.name = "a", .url = "http://localhost/"};
        a.route = shared_value<route>(route{.unix_socket = socket});
        config.jobs = job_set::create({a}).value();
        config.sinks = {{.level = log_level::error, .to_stderr = true}};
        config.store.path = (folder / "carillon.db").string();
        config.shutdown_grace = std::chrono::minutes{10};
        return config;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(one_runs, one_run_fixture)

BOOST_AUTO_TEST_CASE(tell_by_their_code_what_became_of_the_run)
{
    BOOST_TEST(one_run(one_job()).once("a") == exit_failed);
    BOOST_TEST(one_run(one_job()).once("b") == exit_no_job);
    BOOST_TEST(one_run(one_job()).retry(run_id{}) == exit_no_job);
}

BOOST_AUTO_TEST_CASE(cancel_what_runs_at_a_signal)
{
    boost::asio::io_context ctx;
    boost::asio::local::stream_protocol::acceptor listener(ctx, socket);
    // It never answers: the run times out before its grace ends, unless it is cancelled.
    std::thread endpoint([&] {
        auto connection = listener.accept();
        ::kill(::getpid(), SIGTERM);
        boost::system::error_code ignored;
        char closed{};
        while (!ignored) connection.read_some(boost::asio::buffer(&closed, 1), ignored);
    });
    BOOST_TEST(one_run(one_job()).once("a") == exit_failed);
    endpoint.join();
    const auto runs = sqlite_store_reader((folder / "carillon.db").string()).latest_runs({"a"}, 1);
    BOOST_REQUIRE(runs.at(0).size() == 1u);
    BOOST_TEST((runs[0][0].outcome == outcome::cancelled));
}

BOOST_AUTO_TEST_SUITE_END()
