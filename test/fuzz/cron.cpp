// Cron expressions: what is read is what the oracle reads, and its instants agree with one another.

#include "fuzz/properties.hpp"
#include <carillon/time/cron.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <variant>

using namespace carillon;

namespace {

constexpr std::string_view job_name = "backup";

parse_result<cron_meaning> parse(std::string_view text)
{
    const fuzz::stopwatch watch("reading");
    return parse_cron(text, job_name);
}

/** `text` and what was made of it mean the same. */
void check_same(const cron_meaning& meaning, const std::string& other)
{
    if (other.size() > max_expression_bytes) return;
    const auto again = parse(other);
    fuzz::check(again && *again == meaning, "another spelling means another", other);
}

/** Other spellings, from the text of a pattern. */
void check_spellings(std::string_view text, const cron_meaning& meaning)
{
    check_same(meaning, test::to_upper(text));
    std::string blanks = "\t ";
    for (const char c : text) blanks += c == ' ' ? std::string("\t  ") : std::string(1, c);
    check_same(meaning, blanks + " ");

    const std::size_t fields = test::split_blanks(text).size();
    if (fields == 5) check_same(meaning, "0 " + std::string(text));
    if (fields == 6) check_same(meaning, std::string(text) + " *");
}

/** The oracle knows no `@every`, and takes blanks of all kinds. */
bool is_for_oracle(std::string_view text)
{
    const auto is_plain = [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); };
    const std::string upper = test::to_upper(text);
    return std::all_of(text.begin(), text.end(), is_plain) &&
           upper.find("@EVERY") == std::string::npos;
}

void check_against_oracle(std::string_view text, const parse_result<cron_meaning>& meaning)
{
    if (!is_for_oracle(text)) return;
    try {
        const auto expected = test::read_cron(text, job_name);
        fuzz::check(meaning.has_value(), "the oracle reads this", text);
        fuzz::check_meaning(text, std::get<local_pattern>(*meaning), expected);
    } catch (const std::invalid_argument& e) {
        fuzz::check(!meaning, std::string("the oracle does not read this: ") + e.what(), text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::as_text(data, size);
    const auto meaning = parse(text);
    check_against_oracle(text, meaning);
    if (!meaning) {
        fuzz::check_error(text, meaning.error());
    } else if (const auto* every = std::get_if<microseconds>(&*meaning)) {
        fuzz::check(*every > microseconds{0}, "a rate must be positive", text);
        fuzz::check_ticks(text, {.anchor = {}, .every = *every});
    } else {
        check_spellings(text, *meaning);
        fuzz::check_instants(text, std::get<local_pattern>(*meaning));
    }
    return 0;
}
