#pragma once

#include "config/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace carillon::app {

/** A key of the configuration and its value, about as somebody would write it. */
struct written_key {
    std::string key;
    /// May be a secret.
    std::string value;
    /// The value, or `***` where it may be a secret.
    std::string shown;

    friend bool operator==(const written_key&, const written_key&) = default;
};

/** What a job's table says, with what it has from the defaults: each key once, in an order that is
 * always the same. A key that says nothing, such as an empty text, is left out. */
std::vector<written_key> keys_of(const job& j);

/** What the tables say that hold no jobs, but for `store.path`, which a reload does not change. */
std::vector<written_key> keys_of(const configuration& c);

/** A key whose value is another than before; nothing where it is, or was, not there. */
struct key_change {
    std::string key;
    std::optional<std::string> from{};
    std::optional<std::string> to{};

    friend bool operator==(const key_change&, const key_change&) = default;
};

/** What differs, in the order of the keys, as it is shown. Each key gets `prefix` in front. */
std::vector<key_change> changes_between(
    std::vector<written_key> before, std::vector<written_key> after, const std::string& prefix);

} // namespace carillon::app
