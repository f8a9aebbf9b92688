// Preloaded into a program, counts what it allocates: as two numbers of eight bytes, calls and
// bytes, in the file that COUNTED_ALLOCATIONS names. The file is mapped, so that another process
// sees them grow.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

struct counts {
    std::atomic<std::uint64_t> calls;
    std::atomic<std::uint64_t> bytes;
};

counts before_the_file; // what is allocated until it is mapped
std::atomic<counts*> kept{&before_the_file};

void count(std::size_t bytes) noexcept
{
    counts* const to = kept.load(std::memory_order_relaxed);
    to->calls.fetch_add(1, std::memory_order_relaxed);
    to->bytes.fetch_add(bytes, std::memory_order_relaxed);
}

[[gnu::constructor]] void map_the_file()
{
    const char* path = std::getenv("COUNTED_ALLOCATIONS");
    if (path == nullptr) return;
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void* const at = ::mmap(nullptr, sizeof(counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at != MAP_FAILED) kept = static_cast<counts*>(at);
}

} // namespace

extern "C" {

void* malloc(std::size_t size)
{
    count(size);
    return __libc_malloc(size);
}

void* calloc(std::size_t n, std::size_t size)
{
    count(n * size);
    return __libc_calloc(n, size);
}

void* realloc(void* old, std::size_t size)
{
    count(size);
    return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size)
{
    count(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size)
{
    count(size);
    *out = __libc_memalign(alignment, size);
    return *out == nullptr ? ENOMEM : 0;
}
}
