#include "commands/batch.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using carillon::app::batch;

namespace batches {

std::vector<std::string> columns_of(const std::string& line)
{
    std::vector<std::string> columns;
    std::istringstream in(line + '\t');
    for (std::string column; std::getline(in, column, '\t');) columns.push_back(column);
    return columns;
}

} // namespace batches

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(every_sample_is_answered)
{
    std::ifstream in(CARILLON_SCHEDULE_SAMPLES);
    batch answers;
    std::size_t samples = 0;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        const auto c = columns_of(line);
        BOOST_REQUIRE_EQUAL(c.size(), 8U);
        const std::string asked =
            c[0] + '\t' + c[1] + '\t' + c[2] + '\t' + c[3] + '\t' + c[4] + '\t' + c[5];
        const std::string answer = answers.answer(asked);
        // A sample says that it is an error, not in which words.
        const std::string compared = answer.starts_with("error: ") ? "error" : answer;
        BOOST_TEST(compared == c[6], asked << ": " << answer << ", not " << c[6]);
        ++samples;
    }
    BOOST_TEST(samples > 80U);
}

BOOST_AUTO_TEST_CASE(mistakes_are_answered_in_words)
{
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "error: the kind must be cron, calendar or timespan"},
        {"cron\t* * * * *\tUTC", "error: from: here must stand a number of 4 digits; a time is "
                                 "such as 2026-01-31T09:00:00Z"},
        {"cron\t* * * * *\tUTC\t2026-01-01T00:00:00Z\t0",
         "error: the count must be from 1 to 1000"},
        {"cron\t* * * * *\tUTC\t2026-01-01T00:00:00Z\t1001",
         "error: the count must be from 1 to 1000"},
        {"cron\t* * * * *\tUTC\t2026-01-01\t1",
         "error: from: Z or an offset such as +01:00 is missing"},
        {"cron\t* * * * *\tUTC\t2026-01-01T00:00:00Z\t1\tdst=never",
         "error: dst must be run, skip, both or shift"},
        {"cron\t* * * * *\tUTC\t2026-01-01T00:00:00Z\t1\tcolour=red",
         "error: column colour=red is neither name=JOB nor dst=POLICY"},
        {"cron\t0 25 * * *\tUTC\t2026-01-01T00:00:00Z\t1",
         "error: column 3: 25 is no hour, which is 0-23"},
        {"calendar\t12:60\tUTC\t2026-01-01T00:00:00Z\t1",
         "error: column 4: this is no minute, which is 0-59"},
        {"timespan\t5\x1b[2J",
         "error: column 2: unknown unit '\\x1b['; use us, ms, s, min, h, d, w, M or y"},
        {"timespan\t5mins",
         "error: column 2: unknown unit 'mins'; use us, ms, s, min, h, d, w, M or y"},
        {"cron\t0 0 * * *\tEurope/Berlim\t2026-01-01T00:00:00Z\t1",
         "error: there is no time zone 'Europe/Berlim' (did you mean 'Europe/Berlin'?); it must be "
         "an "
         "IANA name such as Europe/Berlin, UTC, or local"},
    };
    batch answers;
    for (const auto& [line, answer] : cases) BOOST_TEST(answers.answer(line) == answer, line);
}

BOOST_AUTO_TEST_CASE(both_further_columns_may_stand_in_any_order_or_be_empty)
{
    batch answers;
    const std::string question = "cron\tH 2 * * *\tEurope/Berlin\t2026-03-28T12:00:00Z\t1";
    const std::string shifted = "2026-03-29T01:35:00Z";
    BOOST_TEST(answers.answer(question + "\tname=backup\tdst=shift") == shifted);
    BOOST_TEST(answers.answer(question + "\tdst=shift\tname=backup") == shifted);
    BOOST_TEST(answers.answer(question + "\t\t") != shifted);
}

BOOST_AUTO_TEST_SUITE_END()
