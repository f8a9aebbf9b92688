#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace carillon::detail {

/** The completion token of our coroutines: an operation's error comes back as a value beside its
 * results, and is not thrown. */
inline constexpr auto use_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

} // namespace carillon::detail
