#include "base/bad_text.hpp"

#include "base/words.hpp"
#include <carillon/detail/text.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace carillon::app {

void throw_exception_from_error(const bad_text& e, const boost::source_location&)
{
    throw std::invalid_argument(to_string(e));
}

std::string to_string(const bad_text& e)
{
    // A mark below the text is of use only where each character is one column.
    std::string out = fmt::format("{}: {}", e.option, at_column(e.error));
    if (detail::visible(e.text) == e.text)
        out += fmt::format("\n  {}\n  {:>{}}", e.text, '^', e.error.offset + 1);
    return out;
}

} // namespace carillon::app
