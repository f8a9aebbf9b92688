#pragma once

#include "base/zone_cache.hpp"
#include "config/substitute.hpp"
#include "config/toml_tree.hpp"
#include <carillon/detail/edit_distance.hpp>
#include <carillon/secret.hpp>
#include <carillon/time/instant.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::app {

/** One thing that is wrong in a configuration, and where. */
struct config_error {
    /// Empty where the fault lies in no file.
    std::string file{};
    file_place place{};
    /// As `jobs.a.timeout`; empty where the file is no TOML.
    std::string key{};
    std::string what{};
};

/** `FILE:LINE:COL: KEY: what is wrong`, fit for a terminal: what is hidden in names is escaped. */
std::string to_string(const config_error& e);

/** What all readers of one configuration share. */
struct reading {
    carillon::app::variables variables;
    masker secrets;
    zone_cache zones;
    std::vector<config_error> errors;
    /// Keys whose secret stands in the file itself.
    std::vector<config_error> warnings;
    /// Whether a key is ignored if its value cannot be read here: a variable is not set, or a file
    /// cannot be read.
    bool may_lack_values = false;
    /// Such keys.
    std::vector<config_error> lacking;
};

/** While it lives, each key that is read must have its value. */
class values_needed {
public:
    explicit values_needed(reading& r)
        : reading_(r), before_(std::exchange(r.may_lack_values, false))
    {}
    ~values_needed() { reading_.may_lack_values = before_; }
    values_needed(const values_needed&) = delete;
    values_needed& operator=(const values_needed&) = delete;

private:
    reading& reading_;
    bool before_;
};

/** Which parts of a value are secret by their place. Others are secret by their source.
 */
enum class secrecy {
    none,
    /// All of it.
    whole,
    /// Password, token and the like.
    url,
};

/** ` (did you mean 'a'?)` for the nearest of some names, or nothing. */
template <class Names>
std::string suggestion(std::string_view word, const Names& names)
{
    detail::nearest nearest(word);
    for (const auto& name : names) nearest.consider(name);
    return nearest.suggestion();
}

/** Where a table stands: its key within the tables around it. Written out only in errors, so that a
 * hundred thousand tables cost nothing. */
struct key_path {
    /// Empty for a whole file.
    std::string_view name;
    const key_path* outer = nullptr;

    /** The whole key of a value in the table, such as `jobs.a.timeout`. */
    std::string of(std::string_view key) const;
};

/**
 * Reads the values of one TOML table: each by its key and type, with `${...}` filled in.
 *
 * What is wrong is added to the errors, and the value then stays as it was. @ref finish adds the
 * keys that nobody asked for.
 */
class table_reader {
public:
    /** `path` is the table's own key; file, table, reading and the path around must outlive the
     * reader. */
    table_reader(reading& r, const std::string& file, const toml_table& table, const key_path& path)
        : reading_(r), file_(file), table_(table), path_(path)
    {
        known_.reserve(32); // as many keys as a large table has
    }

    bool text(std::string_view key, std::string& out, secrecy kind = secrecy::none);
    bool boolean(std::string_view key, bool& out);
    /// `word` is named in errors as what may stand there, too.
    bool span(std::string_view key, microseconds& out, std::string_view word = {});
    bool span(std::string_view key, std::optional<microseconds>& out);
    bool integer(std::string_view key, std::int64_t& out);
    bool number(std::string_view key, double& out);
    /// `1MiB`, `64KiB`, or a number of bytes.
    bool size(std::string_view key, std::size_t& out);
    bool texts(std::string_view key, std::vector<std::string>& out);

    /** One of some words. */
    template <class T>
    bool
    word(std::string_view key, std::initializer_list<std::pair<std::string_view, T>> words, T& out)
    {
        return word<T>(key, std::span(words.begin(), words.size()), out);
    }

    template <class T>
    bool word(std::string_view key, std::span<const std::pair<std::string_view, T>> words, T& out)
    {
        std::string given;
        if (!text(key, given)) return false;
        std::string allowed;
        for (const auto& [name, value] : words) {
            if (name == given) {
                out = value;
                return true;
            }
            allowed += (allowed.empty() ? "'" : ", '") + std::string(name) + "'";
        }
        fail(key, "must be one of " + allowed);
        return false;
    }

    /** The value of any type; null where there is none. */
    const toml_node* any(std::string_view key);

    /** The table at a key; null where there is none. */
    const toml_table* table(std::string_view key);

    /** Fills a text of this table in, with its secrets kept; nothing after its error was told. */
    std::optional<std::string> filled_in(
        const toml_node& at,
        const std::string& key,
        std::string_view text,
        secrecy kind = secrecy::none);

    void fail(std::string_view key, std::string what);
    void fail_at(const toml_node& at, std::string_view key, std::string what);

    /** Adds every key that was not asked for, with the nearest one that could have been. */
    void finish();

    const key_path& path() const { return path_; }

private:
    void add_error(file_place at, std::string_view key, std::string what);
    const toml_node* find(std::string_view key);
    std::optional<expansion>
    expanded(const toml_node& at, const std::string& key, std::string_view text, secrecy kind);
    void warn_of_edges(
        const toml_node& at,
        const std::string& key,
        const std::string& name,
        std::string_view text);
    void tell_unfilled(
        const toml_node& at, const std::string& key, std::string_view text, parse_error why);
    void keep_secret_parts(
        const toml_node& at, const std::string& key, const expansion& value, secrecy kind);

    reading& reading_;
    const std::string& file_;
    const toml_table& table_;
    key_path path_;
    std::vector<std::string_view> known_;
};

/** Calls `f` for a value, or for each of a list. */
template <class F>
void for_each_value(const toml_node& n, F f)
{
    if (const auto* list = n.as_list())
        for (const auto& item : *list) f(item);
    else
        f(n);
}

} // namespace carillon::app
