#pragma once

#include "config/config.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdlib.h> // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX
#include <string>

namespace carillon::app {

/** A folder of configuration files and the variables they see. */
struct config_fixture {
    std::filesystem::path folder;
    std::map<std::string, std::string> environment{
        {"HOME_OF_API", "http://api:8000"}, {"EMPTY", ""}};
    std::map<std::string, std::string> credentials{{"CREDENTIAL", "from-systemd\n"}};

    config_fixture()
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "carillon-test-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
    }
    config_fixture(const config_fixture&) = delete;
    config_fixture& operator=(const config_fixture&) = delete;
    ~config_fixture() { std::filesystem::remove_all(folder); }

    void write(const std::string& name, const std::string& text)
    {
        std::ofstream(folder / name) << text;
    }

    auto load(const std::string& text, config_use use = config_use::send)
    {
        write("c.toml", text);
        const auto look = [](const std::map<std::string, std::string>& in,
                             const std::string& name) {
            const auto at = in.find(name);
            return at == in.end() ? std::nullopt : std::optional(at->second);
        };
        variables v = process_variables();
        v.credential = [=, this](const std::string& name) -> std::optional<result<std::string>> {
            if (name == "BROKEN") return error_code(EISDIR, boost::system::system_category());
            if (const auto found = look(credentials, name)) return *found;
            return std::nullopt;
        };
        // As root has it, so that it does not matter who runs the tests.
        auto all = environment;
        all.emplace("STATE_DIRECTORY", "/var/lib/carillon");
        v.environment = [=](const std::string& name) { return look(all, name); };
        return load_configuration((folder / "c.toml").string(), v, use);
    }

    /** All errors, as @ref lines. */
    std::string errors(const std::string& text, config_use use = config_use::send)
    {
        const auto config = load(text, use);
        return config ? "" : lines(config.error().errors);
    }

    /** A line each, without the folder's name. */
    std::string lines(const std::vector<config_error>& all) const
    {
        std::string out;
        for (const auto& e : all) {
            std::string line = to_string(e);
            for (std::size_t at = 0; (at = line.find(folder.string() + "/")) != std::string::npos;)
                line.erase(at, folder.string().size() + 1);
            out += (out.empty() ? "" : "\n") + line;
        }
        return out;
    }
};

} // namespace carillon::app
