//! Signatures by which senders prove that a text is theirs: those of Amazon SNS (RSA) and of SendGrid's event webhook
//! (ECDSA). Checked offline, with keys that the operator gives; an address that a message names is never opened.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Shorter RSA keys are not taken for a check; this many bytes hold one of 2,048 bits.
const MIN_RSA_BYTES: usize = 256;

/// The digest under a signature of SNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// `SignatureVersion` 1.
    Sha1,
    /// `SignatureVersion` 2.
    Sha256,
}

impl Digest {
    /// The digest of a `SignatureVersion`.
    pub fn of_version(version: &str) -> Option<Self> {
        match version {
            "1" => Some(Self::Sha1),
            "2" => Some(Self::Sha256),
            _ => None,
        }
    }

    fn algorithm(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// The public key of a certificate that SNS signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct SnsKey(Vec<u8>);

impl SnsKey {
    /// The keys of all certificates of a PEM file, one or more. The error says what is wrong with the text.
    pub fn parse_pem(pem: &[u8]) -> Result<Vec<Self>, String> {
        let certificates =
            Certificate::load_pem_chain(pem).map_err(|error| format!("it is no PEM file of certificates: {error}"))?;
        if certificates.is_empty() {
            return Err("it holds no certificate".to_owned());
        }
        certificates.iter().map(|certificate| Self::of(&certificate.tbs_certificate.subject_public_key_info)).collect()
    }

    fn of(key: &SubjectPublicKeyInfoOwned) -> Result<Self, String> {
        if key.algorithm.oid != RSA {
            return Err(format!("one of its keys is of algorithm {}; SNS signs with RSA", key.algorithm.oid));
        }
        let bytes = key.subject_public_key.raw_bytes();
        if bytes.len() < MIN_RSA_BYTES {
            return Err("one of its keys has fewer than 2048 bits".to_owned());
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Whether a signature in base64 is this key's over a text.
    pub fn verifies(&self, digest: Digest, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature.trim()) else { return false };
        UnparsedPublicKey::new(digest.algorithm(), &self.0).verify(text, &signature).is_ok()
    }
}

/// The key that SendGrid shows for its signed event webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct SendGridKey(Vec<u8>);

impl SendGridKey {
    /// Reads the key as SendGrid shows it: base64 of a P-256 public key. The error says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let der = BASE64_STANDARD.decode(text.trim()).map_err(|error| format!("it is not base64: {error}"))?;
        let key =
            SubjectPublicKeyInfoRef::from_der(&der).map_err(|error| format!("it holds no public key: {error}"))?;
        let curve = key.algorithm.parameters_oid().ok();
        if key.algorithm.oid != ELLIPTIC_CURVE || curve != Some(P256) {
            return Err("it is not a key on the curve P-256".to_owned());
        }
        Ok(Self(key.subject_public_key.raw_bytes().to_vec()))
    }

    /// Whether a signature in base64 is this key's over the timestamp and, right behind it, the body as it came.
    pub fn verifies(&self, timestamp: &str, body: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature.trim()) else { return false };
        let text = [timestamp.as_bytes(), body].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0).verify(&text, &signature).is_ok()
    }
}

impl fmt::Debug for SnsKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SnsKey({} bytes)", self.0.len())
    }
}

impl fmt::Debug for SendGridKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SendGridKey({} bytes)", self.0.len())
    }
}
