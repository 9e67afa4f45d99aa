"""Reading what receivers report: DMARC aggregate reports and TLS reports. No database, no network."""
