#pragma once

#include <stdexcept>

namespace carillon {

/** Why a store cannot be used: one sentence for people that names it and what may help. */
class store_unusable : public std::runtime_error {
public:
    using runtime_error::runtime_error;
};

} // namespace carillon
