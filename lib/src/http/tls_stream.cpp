#include "http/tls_stream.hpp"

#include "http/tcp_progress.hpp"
#include "http/tls_error.hpp"
#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <openssl/err.h>
#include <utility>

namespace asio = boost::asio;

namespace carillon::http::detail {
namespace {

using carillon::detail::use_tuple;

class secured final : public tls_stream {
public:
    secured(
        stream_socket s,
        tls_context::handle ssl,
        std::shared_ptr<tls_context> context,
        std::unique_ptr<tls_context::notes> notes)
        : context_(std::move(context)), notes_(std::move(notes)),
          stream_(std::move(s), ssl.release())
    {}

    /** Without a shutdown OpenSSL would take the session for broken, and not resume it. */
    ~secured() override
    {
        SSL_set_shutdown(stream_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }

    asio::awaitable<explained_error> handshake() override
    {
        auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::client, use_tuple);
        if (ec && notes_->refusal) co_return notes_->refusal;
        if (ec == asio::error::eof) ec = errc::closed_early;
        co_return explain(ec);
    }

    asio::awaitable<io_result> read_some(asio::mutable_buffer into) override
    {
        auto [ec, n] = co_await stream_.async_read_some(into, use_tuple);
        explained_error failed = explain(ec);
        co_return io_result{failed.code, n, std::move(failed.detail)};
    }

    asio::awaitable<io_result> write(buffers all) override
    {
        auto [ec, n] = co_await asio::async_write(stream_, all, use_tuple);
        explained_error failed = explain(ec);
        co_return io_result{failed.code, n, std::move(failed.detail)};
    }

    /** What came with the last record that was read waits within OpenSSL, not in the socket. */
    bool is_quiet() override
    {
        SSL* const ssl = stream_.native_handle();
        if (!http::detail::is_quiet(stream_.next_layer()) ||
            BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0)
            return false;
        char byte = 0;
        ERR_clear_error();
        const int n = SSL_peek(ssl, &byte, 1);
        return n <= 0 && SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ;
    }

    // How many bytes a record takes on the wire is OpenSSL's. The reply to what was written before
    // has come, so all of that is acknowledged.
    std::optional<std::uint64_t> written_so_far() override
    {
        return bytes_acknowledged(socket().native_handle());
    }

    stream_socket& socket() override { return stream_.next_layer(); }

private:
    explained_error explain(const error_code& ec)
    {
        const bool owes_certificate =
            notes_->client_is_asked && SSL_get_certificate(stream_.native_handle()) == nullptr;
        return explain_tls_error(ec, owes_certificate);
    }

    std::shared_ptr<tls_context> context_;
    std::unique_ptr<tls_context::notes> notes_; // the stream's SSL object points there
    asio::ssl::stream<stream_socket> stream_;
};

} // namespace

boost::system::result<std::unique_ptr<tls_stream>, explained_error> make_tls_stream(
    stream_socket socket,
    const std::shared_ptr<tls_context>& context,
    const endpoint& target,
    const std::string& server_name)
{
    auto notes = std::make_unique<tls_context::notes>();
    auto ssl = tls_context::open(context, target, server_name, *notes);
    if (!ssl) return ssl.error();
    return std::make_unique<secured>(std::move(socket), std::move(*ssl), context, std::move(notes));
}

} // namespace carillon::http::detail
