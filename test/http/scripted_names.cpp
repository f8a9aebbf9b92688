#include <chrono>
#include <condition_variable>
#include <dlfcn.h>
#include <http/scripted_names.hpp>
#include <map>
#include <mutex>
#include <netdb.h>
#include <utility>

namespace carillon::test {
namespace {

constexpr std::chrono::seconds longest_wait{20};

struct entry {
    std::vector<std::string> addresses;
    int eai = 0;
    bool held = false;
};

/** Never destroyed: a resolver's thread may still be in it when the program ends. */
struct names {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, entry, std::less<>> entries;
    std::size_t held = 0;
    std::size_t asked = 0;
    bool released = false;
};

names& all()
{
    static auto* const instance = new names;
    return *instance;
}

int system_getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** res)
{
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto next = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next(node, service, hints, res);
}

/** The answers for each address in one list, which freeaddrinfo(3) frees node by node. */
int list_of(const std::vector<std::string>& addresses, const addrinfo* hints, addrinfo** res)
{
    *res = nullptr;
    addrinfo** end = res;
    for (const std::string& a : addresses) {
        if (const int eai = system_getaddrinfo(a.c_str(), nullptr, hints, end); eai != 0)
            return eai;
        while (*end != nullptr) end = &(*end)->ai_next;
    }
    return 0;
}

} // namespace

/** What stands in for the system's function; `known` tells whether the name is one of ours. */
int scripted_getaddrinfo(const char* node, const addrinfo* hints, addrinfo** res, bool& known)
{
    names& n = all();
    std::unique_lock lock(n.mutex);
    const std::string name = node == nullptr ? "" : node;
    auto at = n.entries.find(name);
    if (at == n.entries.end()) at = n.entries.find(name.substr(name.find('.') + 1));
    known = at != n.entries.end();
    if (!known) return 0;

    ++n.asked;
    const entry e = at->second;
    if (e.held) {
        ++n.held;
        n.changed.notify_all();
        n.changed.wait(lock, [&] { return n.released; });
        --n.held;
        n.changed.notify_all();
        return EAI_AGAIN;
    }
    lock.unlock();
    return e.eai != 0 ? e.eai : list_of(e.addresses, hints, res);
}

scripted_names::scripted_names()
{
    names& n = all();
    const std::lock_guard lock(n.mutex);
    n.entries.clear();
    n.asked = 0;
    n.released = false;
}

scripted_names::~scripted_names()
{
    release();
    names& n = all();
    std::unique_lock lock(n.mutex);
    n.changed.wait(lock, [&] { return n.held == 0; });
    n.entries.clear();
}

void scripted_names::answer(std::string name, std::vector<std::string> addresses)
{
    const std::lock_guard lock(all().mutex);
    all().entries[std::move(name)] = {.addresses = std::move(addresses), .eai = 0, .held = false};
}

void scripted_names::fail(std::string name, int eai)
{
    const std::lock_guard lock(all().mutex);
    all().entries[std::move(name)] = {.addresses = {}, .eai = eai, .held = false};
}

void scripted_names::hold(std::string name)
{
    const std::lock_guard lock(all().mutex);
    all().entries[std::move(name)] = {.addresses = {}, .eai = 0, .held = true};
}

void scripted_names::release()
{
    const std::lock_guard lock(all().mutex);
    all().released = true;
    all().changed.notify_all();
}

bool scripted_names::wait_until_held(std::size_t count) const
{
    std::unique_lock lock(all().mutex);
    return all().changed.wait_for(lock, longest_wait, [&] { return all().held == count; });
}

std::size_t scripted_names::asked() const
{
    const std::lock_guard lock(all().mutex);
    return all().asked;
}

} // namespace carillon::test

// Found before the C library's, by whatever this program links (ld.so(8)).
extern "C" int
getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** res)
{
    bool known = false;
    const int eai = carillon::test::scripted_getaddrinfo(node, hints, res, known);
    return known ? eai : carillon::test::system_getaddrinfo(node, service, hints, res);
}
