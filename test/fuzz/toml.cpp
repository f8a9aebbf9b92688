// TOML: the reader that is quick on plain files takes nothing that the parser of the whole language
// refuses, and both see the same values at the same places.

#include "app/shown_toml.hpp"
#include "config/plain_toml.hpp"
#include "config/toml_file.hpp"
#include "fuzz/properties.hpp"

#include <string>

using namespace carillon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::as_text(data, size);
    app::toml_document plain{std::string(text)};
    const bool is_taken = [&] {
        const fuzz::stopwatch watch("reading plain TOML");
        return app::parse_plain_toml(plain);
    }();
    if (!is_taken) return 0;
    app::toml_document whole{std::string(text)};
    const auto mistake = app::parse_whole_toml(whole);
    fuzz::check(!mistake, "what is no TOML is taken", text);
    fuzz::check(
        test::shown(plain.root()) == test::shown(whole.root()), "TOML is read as another", text);
    return 0;
}
