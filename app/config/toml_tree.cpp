#include "config/toml_tree.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace carillon::app {

const toml_entry* toml_table::find(std::string_view name) const
{
    for (const toml_entry* e = first_; e != nullptr; e = e->next)
        if (e->name == name) return e;
    return nullptr;
}

bool toml_list::holds_only(toml_node::kind k) const
{
    return std::all_of(begin(), end(), [&](const toml_node& n) { return n.is(k); });
}

toml_table* toml_document::make_table(file_place at, bool is_open, std::uint32_t mark)
{
    return std::pmr::polymorphic_allocator<>(&arena_).new_object<toml_table>(at, is_open, mark);
}

toml_list* toml_document::make_list(bool is_open)
{
    return std::pmr::polymorphic_allocator<>(&arena_).new_object<toml_list>(is_open);
}

void toml_document::append(toml_entries& to, std::string_view name, file_place at, toml_node value)
{
    auto* e = std::pmr::polymorphic_allocator<>(&arena_).new_object<toml_entry>(
        toml_entry{.name = name, .place = at, .value = value});
    (to.first_ == nullptr ? to.first_ : to.last_->next) = e;
    to.last_ = e;
    ++to.size_;
}

void toml_document::append(toml_table& to, std::string_view name, file_place at, toml_node value)
{
    append(static_cast<toml_entries&>(to), name, at, value);
}

void toml_document::append(toml_list& to, toml_node value)
{
    append(static_cast<toml_entries&>(to), {}, value.place(), value);
}

toml_node* toml_document::newest(toml_table& in, std::string_view name)
{
    constexpr std::size_t few = 16;
    if (in.last_ != nullptr && in.last_->name == name) return &in.last_->value;
    if (in.size_ > few) return nullptr;
    for (toml_entry* e = in.first_; e != nullptr; e = e->next)
        if (e->name == name) return &e->value;
    return nullptr;
}

std::string_view toml_document::keep(std::string_view text)
{
    if (text.empty()) return {};
    auto* to = static_cast<char*>(arena_.allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
}

void toml_document::clear()
{
    arena_.release();
    root_ = make_table({});
}

bool toml_document::finish(toml_table& table)
{
    bool is_sorted = true;
    for (toml_entry* e = table.first_; e != nullptr; e = e->next) {
        if (!finish_value(e->value)) return false;
        is_sorted = is_sorted && (e->next == nullptr || e->name < e->next->name);
    }
    return is_sorted || sort(table);
}

bool toml_document::finish_value(toml_node& value)
{
    if (value.is(toml_node::kind::table)) return finish(*value.table_);
    if (!value.is(toml_node::kind::list)) return true;
    for (toml_entry* e = value.list_->first_; e != nullptr; e = e->next)
        if (!finish_value(e->value)) return false;
    return true;
}

/** Whether all names differ. */
bool toml_document::sort(toml_table& table)
{
    std::vector<toml_entry*> all;
    all.reserve(table.size_);
    for (toml_entry* e = table.first_; e != nullptr; e = e->next) all.push_back(e);
    std::sort(all.begin(), all.end(), [](const toml_entry* a, const toml_entry* b) {
        return a->name < b->name;
    });
    for (std::size_t i = 0; i < all.size(); ++i) {
        toml_entry* next = i + 1 < all.size() ? all[i + 1] : nullptr;
        if (next != nullptr && all[i]->name == next->name) return false;
        all[i]->next = next;
    }
    table.first_ = all.front();
    table.last_ = all.back();
    return true;
}

} // namespace carillon::app
