#include <carillon/job/advice.hpp>

#include <boost/test/unit_test.hpp>

#include <string_view>

using namespace carillon;

BOOST_AUTO_TEST_SUITE(advices)

BOOST_AUTO_TEST_CASE(a_redirection_is_followed_only_where_it_leads_on)
{
    struct row {
        int status;
        int redirects;
        std::string_view begins;
    };
    for (const auto& [status, redirects, begins] :
         {row{302, 0, "set redirects"}, row{308, 0, "set redirects"},
          row{302, 2, "it was redirected more often than redirects allows"},
          row{304, 0, "take If-None-Match"}, row{304, 2, "take If-None-Match"},
          row{300, 0, "put an address"}, row{300, 2, "put an address"}})
        BOOST_TEST(advice_for(status, redirects).starts_with(begins), status);
}

BOOST_AUTO_TEST_SUITE_END()
