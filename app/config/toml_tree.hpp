#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory_resource>
#include <string>
#include <string_view>

namespace carillon::app {

/** Where something stands in a file: both from 1, columns in characters. */
struct file_place {
    std::uint32_t line = 1;
    std::uint32_t column = 1;

    auto operator<=>(const file_place&) const = default;
};

class toml_table;
class toml_list;

/** One value of a TOML file (https://toml.io/en/v1.0.0). Its texts, tables and lists are its
 * document's. */
class toml_node {
public:
    enum class kind : std::uint8_t { table, list, text, integer, real, boolean, date };

    toml_node(file_place at, std::string_view v) noexcept : place_(at), kind_(kind::text), text_(v)
    {}
    toml_node(file_place at, std::int64_t v) noexcept
        : place_(at), kind_(kind::integer), integer_(v)
    {}
    toml_node(file_place at, double v) noexcept : place_(at), kind_(kind::real), real_(v) {}
    toml_node(file_place at, bool v) noexcept : place_(at), kind_(kind::boolean), boolean_(v) {}
    toml_node(file_place at, toml_table* v) noexcept : place_(at), kind_(kind::table), table_(v) {}
    toml_node(file_place at, toml_list* v) noexcept : place_(at), kind_(kind::list), list_(v) {}

    /** A date, a time, or both: no key of a configuration is one. */
    static toml_node date(file_place at) noexcept
    {
        toml_node out(at, false);
        out.kind_ = kind::date;
        return out;
    }

    kind type() const noexcept { return kind_; }
    bool is(kind k) const noexcept { return kind_ == k; }

    /** Of its first character. */
    file_place place() const noexcept { return place_; }

    /** Each is null for a value of another kind. */
    const std::string_view* as_text() const { return is(kind::text) ? &text_ : nullptr; }
    const std::int64_t* as_integer() const { return is(kind::integer) ? &integer_ : nullptr; }
    const double* as_real() const { return is(kind::real) ? &real_ : nullptr; }
    const bool* as_boolean() const { return is(kind::boolean) ? &boolean_ : nullptr; }
    const toml_table* as_table() const { return is(kind::table) ? table_ : nullptr; }
    const toml_list* as_list() const { return is(kind::list) ? list_ : nullptr; }

private:
    friend class toml_document;

    file_place place_;
    kind kind_;
    union {
        std::string_view text_;
        std::int64_t integer_;
        double real_;
        bool boolean_;
        toml_table* table_;
        toml_list* list_;
    };
};

/** A value with its name, which is empty in a list. */
struct toml_entry {
    std::string_view name;
    /// Of the name.
    file_place place;
    toml_node value;
    toml_entry* next = nullptr;
};

/** Entries one after the other. */
class toml_entries {
public:
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    /** Whether heads further down in the file may add to it: `[a.b]` to a table `a`, `[[a]]` to a
     * list. */
    bool is_open() const noexcept { return is_open_; }

    /** What it was made with, for its maker to know it by. */
    std::uint32_t mark() const noexcept { return mark_; }

protected:
    toml_entries(bool is_open, std::uint32_t mark) noexcept : mark_(mark), is_open_(is_open) {}

    template <class T, T (*Get)(const toml_entry*)>
    class iterator_of {
    public:
        using value_type = std::remove_cvref_t<T>;
        using difference_type = std::ptrdiff_t;

        iterator_of() = default;
        explicit iterator_of(const toml_entry* at) : at_(at) {}
        T operator*() const { return Get(at_); }
        iterator_of& operator++()
        {
            at_ = at_->next;
            return *this;
        }
        iterator_of operator++(int)
        {
            iterator_of before = *this;
            ++*this;
            return before;
        }
        bool operator==(const iterator_of&) const = default;

    private:
        const toml_entry* at_ = nullptr;
    };

    static const toml_entry& whole(const toml_entry* e) { return *e; }
    static const toml_node& value(const toml_entry* e) { return e->value; }

    toml_entry* first_ = nullptr;
    toml_entry* last_ = nullptr;
    std::size_t size_ = 0;
    std::uint32_t mark_;
    bool is_open_;

private:
    friend class toml_document;
};

/** A table: once its document is whole, in the order of its names, each of which stands once. */
class toml_table : public toml_entries {
public:
    using iterator = iterator_of<const toml_entry&, whole>;

    toml_table(file_place at, bool is_open, std::uint32_t mark) noexcept
        : toml_entries(is_open, mark), place_(at)
    {}

    /** Of its head `[name]`, of its `{`, or of the dotted key that made it. */
    file_place place() const noexcept { return place_; }

    iterator begin() const { return iterator(first_); }
    iterator end() const { return iterator(); }

    /** The value of that name; null where there is none. Looks at one after the other. */
    const toml_node* get(std::string_view name) const
    {
        const toml_entry* e = find(name);
        return e != nullptr ? &e->value : nullptr;
    }

    bool contains(std::string_view name) const { return find(name) != nullptr; }

private:
    const toml_entry* find(std::string_view name) const;

    file_place place_;
};

class toml_list : public toml_entries {
public:
    using iterator = iterator_of<const toml_node&, value>;

    explicit toml_list(bool is_open) noexcept : toml_entries(is_open, 0) {}

    iterator begin() const { return iterator(first_); }
    iterator end() const { return iterator(); }

    /** Whether all are of one kind, as far as there are some. */
    bool holds_only(toml_node::kind k) const;
};

/** Owns a file's text and the values that were read from it, in large pieces: a configuration has
 * millions of them, which are freed together. */
class toml_document {
public:
    explicit toml_document(std::string text) : text_(std::move(text)) {}
    toml_document(const toml_document&) = delete;
    toml_document& operator=(const toml_document&) = delete;

    std::string_view text() const noexcept { return text_; }
    const toml_table& root() const noexcept { return *root_; }

    toml_table& root() noexcept { return *root_; }
    toml_table* make_table(file_place at, bool is_open = false, std::uint32_t mark = 0);
    toml_list* make_list(bool is_open = false);
    void append(toml_table& to, std::string_view name, file_place at, toml_node value);
    void append(toml_list& to, toml_node value);

    /** The value that was appended last under a name; in a large table only if no other came after
     * it, since all have to be looked at. Null where none is found. */
    static toml_node* newest(toml_table& in, std::string_view name);
    static toml_table* table_in(toml_node& n)
    {
        return n.as_table() != nullptr ? n.table_ : nullptr;
    }
    static toml_list* list_in(toml_node& n) { return n.as_list() != nullptr ? n.list_ : nullptr; }
    /** A list's last value; there must be one. */
    static toml_node& last(toml_list& in) { return in.last_->value; }

    /** A text that does not stand in the file as it is. */
    std::string_view keep(std::string_view text);

    /** Gives the tables their order. Whether no name stands twice in one. */
    bool finish() { return finish(*root_); }

    /** Forgets all values. */
    void clear();

private:
    void append(toml_entries& to, std::string_view name, file_place at, toml_node value);
    bool finish(toml_table& table);
    bool finish_value(toml_node& value);
    bool sort(toml_table& table);

    std::string text_;
    std::pmr::monotonic_buffer_resource arena_;
    toml_table* root_ = make_table({});
};

} // namespace carillon::app
