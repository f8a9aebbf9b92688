#pragma once

#include "http/explained_error.hpp"
#include <carillon/http/transport.hpp>

#include <string_view>

namespace carillon::http::detail {

/** Whether a status makes the client follow a redirect (RFC 9110 section 15.4). */
bool is_redirect(int status) noexcept;

/**
 * The URL that a reply names, seen from the endpoint that replied (RFC 3986 section 5). Percent-
 * encoded characters stay so, since decoding may change the meaning (section 2.2).
 */
parse_result<endpoint> resolve_reference(const endpoint& from, std::string_view reference);

/**
 * A request that was meant for one URL, for another: with its body, or as a GET (a HEAD stays one).
 *
 * Another origin gets neither credentials nor the client's certificate. Error: @ref
 * errc::bad_redirect where the request goes through a unix socket, which is one origin's, or where
 * the body is a credential that another origin would get.
 */
boost::system::result<request, explained_error>
redirected(request req, endpoint target, bool keeps_body);

/**
 * The request that follows a redirect.
 *
 * 307 and 308 keep method and body. Error: @ref errc::bad_redirect.
 */
boost::system::result<request, explained_error> follow(request req, const response& res);

} // namespace carillon::http::detail
