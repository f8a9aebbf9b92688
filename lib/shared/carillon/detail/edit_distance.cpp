#include <carillon/detail/edit_distance.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace carillon::detail {

std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;

    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = std::exchange(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

void nearest::consider(std::string_view candidate)
{
    // The lengths alone rule out most candidates, of which there may be very many.
    const std::size_t limit = std::max<std::size_t>(1, word_.size() / 3);
    const std::size_t gap = candidate.size() > word_.size() ? candidate.size() - word_.size()
                                                            : word_.size() - candidate.size();
    if (gap > limit) return;
    const std::size_t distance = edit_distance(word_, candidate);
    // A candidate that shares no letter was not meant.
    if (distance > limit || distance >= word_.size() || distance >= best_distance_) return;
    best_ = candidate;
    best_distance_ = distance;
}

std::string nearest::suggestion() const
{
    return best_.empty() ? "" : " (did you mean '" + best_ + "'?)";
}

} // namespace carillon::detail
