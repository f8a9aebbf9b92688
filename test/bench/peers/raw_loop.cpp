// The loop of send_loop.hpp and nothing else: what it does not remember is lost with the process.

#include "send_loop.hpp"

int main(int argc, char** argv) { send_loop(settings::from(argc, argv)).run(); }
