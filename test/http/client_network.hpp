#pragma once

#include "http/network.hpp"
#include <carillon/http/client.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>

namespace carillon::test {

/** A network with a client, which keeps no connection when the test ends. */
struct client_network : network {
    http::client client{ctx.get_executor()};

    void teardown()
    {
        client.close_idle();
        network::teardown();
    }
};

/** A client that opens no descriptor which it does not close. */
struct closing_client : client_network {
    std::size_t open_before = open_descriptors();

    void teardown()
    {
        client_network::teardown();
        BOOST_TEST(open_descriptors() == open_before);
    }
};

} // namespace carillon::test
