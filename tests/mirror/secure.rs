//! A log that is served over HTTPS: it is followed under a certificate that the reader's computer trusts, and under no other.

use super::desks::Operator;
use super::program::User;
use super::web::{Manner, Server, answer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate of a server with this name, for the years that it may be shown.
fn config(authority: &Authority, name: &str, until: i32) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2021, 5, 11);
    params.not_after = date_time_ymd(until, 5, 11);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.der().to_owned()], key).unwrap())
}

fn serve(public: &Path, config: Arc<ServerConfig>) -> Server {
    let each = move |stream: TcpStream, public: &Path, count: &AtomicU32| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        answer(&mut stream, public, Manner::Well, count)?;
        stream.conn.send_close_notify();
        stream.flush()
    };
    Server::answering(public, "https://localhost", each)
}

#[test]
fn a_log_is_followed_over_https_under_an_authority_that_this_computer_trusts() {
    let operator = Operator::of(300);
    let authority = authority("trusted");
    let server = serve(&operator.public(), config(&authority, "localhost", 2999));
    let reader = User::new();
    fs::write(reader.path("authorities.pem"), authority.pem()).unwrap();
    let mirrored = reader.json(&format!("mirror {}", server.address));
    assert_eq!(mirrored["added"], 300);
    assert_eq!(mirrored["size"], 300);
}

#[test]
fn a_server_that_cannot_show_whose_it_is_is_not_asked_for_anything() {
    let operator = Operator::of(40);
    let (trusted, other) = (authority("trusted"), authority("other"));
    for (config, word) in [
        (config(&other, "localhost", 2999), "UnknownIssuer"),
        (config(&trusted, "elsewhere.example", 2999), "not valid for name"),
        (config(&trusted, "localhost", 2022), "expired"),
    ] {
        let server = serve(&operator.public(), config);
        let reader = User::new();
        fs::write(reader.path("authorities.pem"), trusted.pem()).unwrap();
        reader.refused(&format!("mirror {}", server.address), 3, &["certificate", word]);
        assert_eq!(server.asked.load(std::sync::atomic::Ordering::SeqCst), 0);
        assert!(!reader.path("ledger").exists());
    }
}
