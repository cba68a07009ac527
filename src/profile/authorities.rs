//! Whom to believe that a server is who it says: the system's certificate authorities, or
//! those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, as other programs do.

use ureq::tls::{Certificate, RootCerts};

/// The system's authorities. Where it has none, as in small containers, Mozilla's list,
/// which edgelm carries.
///
/// # Errors
/// `SSL_CERT_FILE` or `SSL_CERT_DIR` is set and holds no certificate.
pub(super) fn authorities() -> Result<RootCerts, String> {
    let found = rustls_native_certs::load_native_certs();
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)))
        .next();
    if found.certs.is_empty() {
        return match named {
            None => Ok(RootCerts::WebPki),
            Some((name, value)) => {
                let value = value.display();
                let why = found.errors.first().map(|error| format!(": {error}"));
                let why = why.unwrap_or_default();
                Err(format!("{name}: found no certificate in `{value}`{why}"))
            }
        };
    }
    let certificates = found.certs.iter();
    let certificates = certificates.map(|der| Certificate::from_der(der).to_owned());
    Ok(RootCerts::from(certificates))
}
