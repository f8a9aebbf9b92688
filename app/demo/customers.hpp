#pragma once

#include <carillon/time/instant.hpp>

#include <random>
#include <string>
#include <vector>

/** Made-up customers for the demo: plain values and pure functions. */
namespace carillon::app {

/** Something a customer did. */
struct customer_event {
    instant occurred_at;
    /// `login`, `report_viewed`, `export` or `api_call`.
    const char* kind;
};

/** A customer with what they did. */
struct customer_history {
    std::string name;
    std::vector<customer_event> events;
};

/**
 * 40 customers with their events of the 60 days before `now`; equal draws give equal customers on
 * every system.
 *
 * In every eight three are loyal, two grow, two fade and one fell silent 9 days ago.
 */
std::vector<customer_history> make_customers(std::mt19937_64& random, instant now);

/** An event at `at`, of a kind drawn. */
customer_event make_event(std::mt19937_64& random, instant at);

/** A number from 0 to `below` - 1; `below` is positive and small. */
int draw(std::mt19937_64& random, int below);

} // namespace carillon::app
