//! Whom to believe that a server is who it says: the system's certificate authorities, or
//! those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, as other programs do.

use std::path::Path;
use ureq::tls::{Certificate, RootCerts};

/// The system's authorities. Where it has none, as in small containers, Mozilla's list,
/// which edgelm carries.
///
/// # Errors
/// `SSL_CERT_FILE` is set and holds no certificate.
pub(super) fn authorities() -> Result<RootCerts, String> {
    // A file that is named and useless would go unnoticed beside a folder.
    if let Some(file) = std::env::var_os("SSL_CERT_FILE") {
        let found = rustls_native_certs::load_certs_from_paths(Some(Path::new(&file)), None);
        if found.certs.is_empty() {
            let why = found.errors.first().map(|error| format!(": {error}"));
            return Err(format!(
                "SSL_CERT_FILE: found no certificate in `{}`{}",
                file.display(),
                why.unwrap_or_default()
            ));
        }
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Ok(RootCerts::WebPki);
    }
    let certificates = found.certs.iter();
    let certificates = certificates.map(|der| Certificate::from_der(der).to_owned());
    Ok(RootCerts::from(certificates))
}
