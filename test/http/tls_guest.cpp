#include "http/tls_guest.hpp"

#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <utility>

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

namespace carillon::test {
namespace {

using carillon::detail::use_tuple;
using generic_socket = asio::generic::stream_protocol::socket;

ssl::context context_of(const guest& who)
{
    ssl::context context(ssl::context::tls_client);
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_cipher_list(native, "DEFAULT:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(native, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(native, static_cast<int>(who.version));
    if (!who.ca_file.empty()) {
        context.load_verify_file(who.ca_file);
        context.set_verify_mode(ssl::verify_peer);
        context.set_verify_callback(ssl::host_name_verification(who.host));
    }
    if (who.own) {
        context.use_certificate_chain(asio::buffer(who.own->certificate));
        context.use_private_key(asio::buffer(who.own->key), ssl::context::pem);
    }
    return context;
}

/** Shakes hands, sends one request and reads until the server ends. */
asio::awaitable<void> talk(generic_socket& socket, const guest& who, meeting& out)
{
    ssl::context context = context_of(who);
    ssl::stream<generic_socket&> stream(socket, context);
    SSL* native = stream.native_handle();
    SSL_ctrl(
        native, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
        const_cast<char*>(who.host.c_str()));
    if (who.earlier) SSL_set_session(native, who.earlier.get());
    auto [shaken] = co_await stream.async_handshake(ssl::stream_base::client, use_tuple);
    out.shaken = shaken;
    if (shaken) co_return;
    // A server that is gone says more to the reader.
    co_await asio::async_write(stream, asio::buffer(guest_request), use_tuple);
    auto [end, n] = co_await asio::async_read(
        stream, asio::dynamic_buffer(out.reply, max_guest_reply_bytes), use_tuple);
    out.end = end;
    out.later = std::shared_ptr<SSL_SESSION>(SSL_get1_session(native), SSL_SESSION_free);
    // OpenSSL drops the session of a connection that was not shut down.
    SSL_set_shutdown(native, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

asio::awaitable<void> ask_for_tunnel(generic_socket& socket)
{
    co_await asio::async_write(socket, asio::buffer(guest_tunnel), use_tuple);
    std::string reply(tunnel_stands.size(), '\0');
    co_await asio::async_read(socket, asio::buffer(reply), use_tuple);
    BOOST_TEST(reply == tunnel_stands);
}

} // namespace

asio::awaitable<void> visit(generic_endpoint at, guest who, std::shared_ptr<meeting> out)
{
    generic_socket socket(co_await asio::this_coro::executor);
    co_await socket.async_connect(at, use_tuple);
    if (who.by_proxy) co_await ask_for_tunnel(socket);
    co_await talk(socket, who, *out);
    out->is_over = true;
}

asio::awaitable<void>
visit_plainly(generic_endpoint at, std::string text, std::shared_ptr<meeting> out)
{
    generic_socket socket(co_await asio::this_coro::executor);
    co_await socket.async_connect(at, use_tuple);
    co_await asio::async_write(socket, asio::buffer(text), use_tuple);
    auto [end, n] = co_await asio::async_read(socket, asio::dynamic_buffer(out->reply), use_tuple);
    out->end = end;
    out->is_over = true;
}

} // namespace carillon::test
