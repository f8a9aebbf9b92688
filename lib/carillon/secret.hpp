#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/**
 * A text that never prints itself.
 *
 * Streams and formatters show `***`; who needs the text itself asks for it by @ref reveal.
 */
class secret {
public:
    secret() = default;
    secret(std::string text) : text_(std::move(text)) {}
    secret(std::string_view text) : text_(text) {}
    secret(const char* text) : text_(text) {}

    const std::string& reveal() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(const secret&, const secret&) = default;
    friend std::ostream& operator<<(std::ostream& out, const secret&);

private:
    std::string text_;
};

/**
 * A set of secret texts, and the means to hide them in other texts.
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

    bool empty() const noexcept { return texts_.empty(); }

private:
    void insert(std::string text);

    std::vector<std::string>
        texts_; // longest first, so that a secret within a secret leaves no rest
};

/** Whether a header's value is a secret by its name: `Authorization`, `X-API-Key`, `Cookie`,
 * `Proxy-Authorization`. */
bool is_secret_header(std::string_view name);

} // namespace carillon
