#include "config/route_reader.hpp"

#include <carillon/job/proxy_rules.hpp>

#include <algorithm>
#include <limits>

namespace carillon::app {
namespace {

class route_reader {
public:
    route_reader(reading& r, const std::string& file, table_reader& in)
        : reading_(r), file_(file), in_(in)
    {}

    void read(job& out)
    {
        read_way(out);
        if (const toml_table* table = in_.table("auth")) read_auth(*table, out);
    }

private:
    void read_way(job& out)
    {
        // All keys are asked for, so that none counts as unknown. Most jobs have none of them.
        int written = 0;
        for (const char* key : {"tls", "unix_socket", "proxy", "redirects"})
            written += static_cast<int>(in_.any(key) != nullptr);
        if (written == 0) return;

        route way = *out.route;
        read_tls(way.tls);
        in_.text("unix_socket", way.unix_socket);
        read_proxy(way);
        std::int64_t redirects = way.redirects;
        in_.integer("redirects", redirects);
        way.redirects = static_cast<int>(std::clamp<std::int64_t>(redirects, -1, 1000));
        out.route = std::move(way);
    }

    void read_tls(tls_options& out)
    {
        const toml_table* table = in_.table("tls");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, {"tls", &in_.path()});
        t.text("ca_file", out.ca_file);
        t.text("cert_file", out.cert_file);
        t.text("key_file", out.key_file);
        t.text("server_name", out.server_name);
        t.boolean("verify", out.verify);
        t.finish();
    }

    void read_proxy(route& out)
    {
        std::string given;
        if (!in_.text("proxy", given, secrecy::url)) return;
        collect_proxy_secrets(given, reading_.secrets);
        out.proxy = secret(std::move(given));
    }

    /** The job's way of several replaces that of the defaults; an empty table removes it. */
    void read_auth(const toml_table& table, job& out)
    {
        table_reader t(reading_, file_, table, {"auth", &in_.path()});
        authentication auth;
        if (std::string token; t.text("bearer", token, secrecy::whole))
            auth = bearer_auth{secret(std::move(token))};
        if (const toml_table* basic = t.table("basic")) auth = read_basic(*basic, t);
        if (const toml_table* hmac = t.table("hmac")) auth = read_hmac(*hmac, t);
        t.finish();
        if (table.size() > 1) in_.fail("auth", "must be one of bearer, basic and hmac");
        out.auth = std::move(auth);
    }

    authentication read_basic(const toml_table& table, table_reader& outer)
    {
        table_reader t(reading_, file_, table, {"basic", &outer.path()});
        basic_auth out;
        std::string password;
        if (t.any("user") == nullptr) outer.fail("basic", "needs a user");
        t.text("user", out.user);
        t.text("password", password, secrecy::whole);
        t.finish();
        out.password = secret(std::move(password));
        return out;
    }

    authentication read_hmac(const toml_table& table, table_reader& outer)
    {
        table_reader t(reading_, file_, table, {"hmac", &outer.path()});
        hmac_auth out;
        std::string key;
        if (t.any("key") == nullptr) outer.fail("hmac", "needs a key");
        // A key that could not be read has been reported.
        if (!t.text("key", key, secrecy::whole)) key = "unread";
        t.text("header", out.header);
        t.finish();
        out.key = secret(std::move(key));
        return out;
    }

    reading& reading_;
    const std::string& file_;
    table_reader& in_;
};

} // namespace

void read_route(reading& r, const std::string& file, table_reader& in, job& out)
{
    route_reader(r, file, in).read(out);
}

} // namespace carillon::app
