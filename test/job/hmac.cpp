#include "base/hmac.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using carillon::detail::hmac_sha256;

BOOST_AUTO_TEST_SUITE(hmacs)

BOOST_AUTO_TEST_CASE(as_rfc_4231_section_4)
{
    struct row {
        std::string_view name;
        std::string key, text;
        std::string_view digest;
    };
    std::string one_to_25;
    for (char c = 1; c <= 25; ++c) one_to_25 += c;
    const std::vector<row> rows{
        {"case 1", std::string(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"case 2: a short key", "Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"case 3", std::string(20, '\xaa'), std::string(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"case 4", one_to_25, std::string(50, '\xcd'),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {"case 6: a key longer than a block", std::string(131, '\xaa'),
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"case 7: text longer than a block, too", std::string(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. "
         "The key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name) { BOOST_TEST(hmac_sha256(r.key, r.text) == r.digest); }
    }
    // Case 5 shows the first half alone.
    BOOST_TEST(
        hmac_sha256(std::string(20, '\x0c'), "Test With Truncation").substr(0, 32) ==
        "a3b6167473100ee06e0c796c2955552b");
}

BOOST_AUTO_TEST_CASE(nothing_under_no_key)
{
    constexpr std::string_view digest =
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    BOOST_TEST(hmac_sha256("", "") == digest);
    BOOST_TEST(hmac_sha256({}, {}) == digest);
}

BOOST_AUTO_TEST_SUITE_END()
