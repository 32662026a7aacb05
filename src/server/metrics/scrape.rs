//! The metrics as text, with what other parts of the server know at that moment.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use prometheus_client::encoding::text;

use crate::server::certificate::CertificateStatus;
use crate::server::judge::Judge;
use crate::server::listen::Connections;
use crate::server::records::RecordStatus;

use super::Metrics;
use super::labels::EnvironmentLabel;

impl Metrics {
    /// Takes over what is known of records and re-admissions.
    pub(in crate::server) fn see_judge(&self, judge: &Judge, remembered: usize, now: Timestamp) {
        for status in judge.records().statuses() {
            self.see_records(&status, now);
        }
        self.readmissions.inner().store(judge.readmissions_used(), Ordering::Relaxed);
        self.remembered.set(i64::try_from(remembered).unwrap_or(i64::MAX));
    }

    fn see_records(&self, status: &RecordStatus, now: Timestamp) {
        let label = EnvironmentLabel { environment: status.environment.clone() };
        self.records.get_or_create(&label).set(i64::try_from(status.records).unwrap_or(i64::MAX));
        self.record_bytes.get_or_create(&label).set(i64::try_from(status.bytes).unwrap_or(i64::MAX));
        if let Some(seen) = status.observed_at.or(status.refreshed_at) {
            self.record_age.get_or_create(&label).set(now.duration_since(seen).as_secs_f64().max(0.0));
        }
        self.records_current.get_or_create(&label).set(i64::from(status.current));
        self.refreshes.get_or_create(&label).inner().store(status.refreshes, Ordering::Relaxed);
        self.refresh_failures.get_or_create(&label).inner().store(status.failures, Ordering::Relaxed);
    }

    /// Takes over what is known of the certificate.
    pub(in crate::server) fn see_certificate(&self, status: &CertificateStatus) {
        self.certificate_expiry.set(status.not_after.as_second());
        self.certificate_reloads.inner().store(status.reloads, Ordering::Relaxed);
        self.certificate_failures.inner().store(status.failures, Ordering::Relaxed);
    }

    /// Takes over the counts of connections.
    pub(in crate::server) fn see_connections(&self, connections: &Connections) {
        self.connections.set(i64::try_from(connections.open()).unwrap_or(i64::MAX));
        self.accepted.inner().store(connections.accepted(), Ordering::Relaxed);
        self.refused.inner().store(connections.refused(), Ordering::Relaxed);
        self.made_room.inner().store(connections.made_room(), Ordering::Relaxed);
        self.handshake_failures.inner().store(connections.handshake_failures(), Ordering::Relaxed);
    }

    /// The metrics in the text form of `OpenMetrics`.
    ///
    /// # Errors
    /// When the text cannot be written, which is a defect.
    pub(in crate::server) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
