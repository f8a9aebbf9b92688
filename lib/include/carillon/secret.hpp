#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

namespace carillon {

/**
 * A text that never prints itself.
 *
 * Streams and formatters show `***`. Code that needs the text itself calls @ref reveal.
 */
class secret {
public:
    /** An empty text. */
    secret() = default;

    /** Holds a text. */
    secret(std::string text) : text_(std::move(text)) {}
    /** Holds a copy of a text. */
    secret(std::string_view text) : text_(text) {}
    /** Holds a copy of a text that ends with a zero byte. */
    secret(const char* text) : text_(text) {}

    /** The text itself. It lives as long as this object. */
    const std::string& reveal() const noexcept { return text_; }

    /** Whether the text is empty. */
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(const secret&, const secret&) = default;
    /** Writes `***`. */
    friend std::ostream& operator<<(std::ostream& out, const secret&);

private:
    std::string text_;
};

/**
 * A set of secret texts, and the means to hide them in other texts: in time that depends on the
 * other text's length, hardly on how many secrets there are.
 *
 * Texts shorter than @ref min_length are not kept: hiding them would garble everything, so they are
 * hidden only where their key is printed. Not for concurrent change; reading is safe from any
 * thread.
 */
class masker {
public:
    static constexpr std::size_t min_length = 4;

    /** Adds a text to hide, also as it stands escaped in JSON and percent-encoded in a URL. */
    void add(std::string_view text);

    /** Adds all that `other` hides. */
    void add(const masker& other);

    /** `text` with each secret in it replaced by `***`. */
    std::string hide(std::string_view text) const;

    /** Whether `text` holds a secret. */
    bool finds(std::string_view text) const;

    /** Whether it hides nothing. */
    bool empty() const noexcept { return texts_.empty(); }

private:
    void insert(std::string text);
    std::size_t longest_at(std::string_view text, std::size_t at) const;

    std::set<std::string, std::less<>> texts_;
    // What they begin with: at most places of a text none does.
    std::bitset<256> first_bytes_;
    std::unordered_set<std::uint32_t> heads_; // of min_length bytes
};

/**
 * Adds what must be hidden of a header's value, where the header is secret by its name (see @ref
 * is_secret_header): all of it, and its parts where they are secret by themselves.
 *
 * Of `Authorization` and `Proxy-Authorization` that is what follows the scheme, and user and
 * password of Basic credentials (RFC 7617); of `Cookie` each value (RFC 6265 section 4.2).
 */
void collect_header_secrets(std::string_view name, std::string_view value, masker& secrets);

/** Whether a header's value is a secret by its name: `Authorization`, `X-API-Key`, `Cookie`,
 * `Proxy-Authorization`. */
bool is_secret_header(std::string_view name);

} // namespace carillon
