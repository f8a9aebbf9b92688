#pragma once

#include "server.hpp"
#include <carillon/secret.hpp>

namespace ops_console {

/**
 * The jobs of the Ops Console's API: `POST /ops/jobs/compute-stickiness` and
 * `POST /ops/jobs/detect-silent-churn`, for whoever knows the key (`X-API-Key`).
 *
 * Every answer is JSON with a `status` and a `message`.
 */
response handle_request(const request& req, const carillon::secret& api_key);

} // namespace ops_console
