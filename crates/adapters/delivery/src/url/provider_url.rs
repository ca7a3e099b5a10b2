use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use super::{DeliveryUrlError, ProviderUrlProblem};

/// All but RFC 3986's unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a text for any part of a URL.
pub(crate) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, &RESERVED)
}

/// Whether only programs on this machine listen at this host.
pub(crate) fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Whether the host is an address of this machine, not a name that could be looked up elsewhere.
pub(crate) fn is_loopback_literal(host: &Host) -> bool {
    is_loopback(host) && !matches!(host, Host::Domain(_))
}

/// The parsed URL of a provider, with the parameters that no one has taken out yet.
pub(crate) struct ProviderUrl {
    /// A URL of this provider that can be used, for error messages.
    example: &'static str,
    url: Url,
    /// The remaining parameters, as they stand in the URL.
    parameters: Vec<String>,
}

impl ProviderUrl {
    pub(crate) fn parse(text: &str, example: &'static str) -> Result<Self, DeliveryUrlError> {
        let error = |problem| DeliveryUrlError::Provider { problem, example };
        let url = Url::parse(text).map_err(|cause| match cause {
            url::ParseError::EmptyHost => error(ProviderUrlProblem::NoHost),
            _ => error(ProviderUrlProblem::Syntax),
        })?;
        if url.fragment().is_some() {
            return Err(error(ProviderUrlProblem::Fragment));
        }
        let query = url.query().unwrap_or_default();
        let parameters = query.split('&').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(Self { example, url, parameters })
    }

    pub(crate) fn error(&self, problem: ProviderUrlProblem) -> DeliveryUrlError {
        DeliveryUrlError::Provider { problem, example: self.example }
    }

    pub(crate) fn host(&self) -> Result<Host, DeliveryUrlError> {
        let host = self.url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| self.error(ProviderUrlProblem::NoHost))?;
        Host::parse(host).map_err(|_| self.error(ProviderUrlProblem::Syntax))
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port()
    }

    /// The user name and the password, decoded; [`None`] if the URL has neither.
    pub(crate) fn credentials(&self) -> Result<Option<(String, String)>, DeliveryUrlError> {
        match (self.url.username(), self.url.password()) {
            ("", None) => Ok(None),
            ("", Some(_)) | (_, None) => Err(self.error(ProviderUrlProblem::HalfCredentials)),
            (name, Some(password)) => {
                Ok(Some((self.decoded(name, "its user name")?, self.decoded(password, "its password")?)))
            }
        }
    }

    /// Checks that the URL has no path.
    pub(crate) fn no_path(&self) -> Result<(), DeliveryUrlError> {
        if matches!(self.url.path(), "" | "/") { Ok(()) } else { Err(self.error(ProviderUrlProblem::Path)) }
    }

    /// Takes a parameter out, decoded. A plus sign stays a plus sign: phone numbers and base64 contain it.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, DeliveryUrlError> {
        let (taken, others): (Vec<String>, Vec<String>) =
            self.parameters.drain(..).partition(|part| part.split('=').next() == Some(name));
        self.parameters = others;
        match taken.as_slice() {
            [] => Ok(None),
            [part] => {
                let value = part.split_once('=').map_or("", |(_, value)| value);
                let value = self.decoded(value, "one of its values")?;
                if value.trim().is_empty() {
                    Err(self.error(ProviderUrlProblem::Missing(name)))
                } else {
                    Ok(Some(value))
                }
            }
            _ => Err(self.error(ProviderUrlProblem::Repeated(name))),
        }
    }

    /// Takes out `ca`, the PEM file of the certificates to trust in place of the public ones.
    pub(crate) fn take_ca(&mut self) -> Result<Option<PathBuf>, DeliveryUrlError> {
        Ok(self.take("ca")?.map(PathBuf::from))
    }

    /// Checks that all parameters have been taken out; `known` lists them for the error.
    pub(crate) fn no_more_parameters(&self, known: &'static str) -> Result<(), DeliveryUrlError> {
        if self.parameters.is_empty() {
            Ok(())
        } else {
            Err(self.error(ProviderUrlProblem::UnknownParameter(known)))
        }
    }

    /// The URL without the parameters that were taken out.
    pub(crate) fn remaining_url(&self) -> Url {
        let (mut url, query) = (self.url.clone(), self.parameters.join("&"));
        url.set_query((!query.is_empty()).then_some(&query));
        url
    }

    fn decoded(&self, text: &str, part: &'static str) -> Result<String, DeliveryUrlError> {
        let not_text = || self.error(ProviderUrlProblem::NotText(part));
        let text = percent_decode_str(text).decode_utf8().map_err(|_| not_text())?;
        if text.chars().any(char::is_control) { Err(not_text()) } else { Ok(text.into()) }
    }
}
