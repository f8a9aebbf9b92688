#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace carillon::test {

/**
 * Answers getaddrinfo(3) for some names, and those one label below them, while it lives; all others
 * go to the system.
 *
 * The test program defines that function itself, so a test needs neither a name server nor a line
 * in /etc/hosts. One object at a time.
 */
class scripted_names {
public:
    scripted_names();
    ~scripted_names();
    scripted_names(const scripted_names&) = delete;
    scripted_names& operator=(const scripted_names&) = delete;

    /** Gives a name these literal addresses, in this order. */
    void answer(std::string name, std::vector<std::string> addresses);

    /** Fails with a code such as EAI_NONAME. */
    void fail(std::string name, int eai);

    /** Blocks look-ups of a name like a dead name server, until the end of this object or @ref
     * release. */
    void hold(std::string name);

    /** Lets every look-up that is held, now and later, fail with EAI_AGAIN. */
    void release();

    /** Waits until so many look-ups are held; false where that takes too long. */
    bool wait_until_held(std::size_t count) const;

    /** Look-ups so far that were not left to the system. */
    std::size_t asked() const;
};

} // namespace carillon::test
