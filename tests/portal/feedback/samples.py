"""Reports as receivers write them, in today's form and the one before it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from email.message import EmailMessage

OLD = """<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata>
    <org_name>google.com</org_name><email>noreply-dmarc-support@google.com</email>
    <report_id>1234567890</report_id>
    <date_range><begin>1772582400</begin><end>1772668799</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>north.example</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.10</source_ip><count>40</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated>
    </row>
    <identifiers><header_from>north.example</header_from></identifiers>
    <auth_results>
      <dkim><domain>north.example</domain><selector>xen1</selector><result>pass</result></dkim>
      <spf><domain>xenegrade.net</domain><result>pass</result></spf>
    </auth_results>
  </record>
  <record>
    <row>
      <source_ip>2001:db8::7</source_ip><count>3</count>
      <policy_evaluated><disposition>quarantine</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated>
    </row>
    <identifiers><header_from>north.example</header_from></identifiers>
    <auth_results><spf><domain>evil.example</domain><result>pass</result></spf></auth_results>
  </record>
  <record><row><source_ip>nonsense</source_ip><count>1</count></row></record>
</feedback>
"""
NEW = """<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Receiver &amp; Sons</org_name><report_id>a.b@c</report_id>
    <date_range><begin>1772582400</begin><end>1772668799</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>north.example</domain><p>reject</p><np>reject</np><testing>n</testing>
    <discovery_method>treewalk</discovery_method>
  </policy_published>
  <record>
    <row><source_ip>192.0.2.10</source_ip><count>5</count>
      <policy_evaluated><disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf>
        <reason><type>mailing_list</type></reason></policy_evaluated></row>
    <identifiers><header_from>mail.north.example</header_from><envelope_from>xenegrade.net</envelope_from></identifiers>
    <auth_results/>
  </record>
</feedback>
"""
TLS = json.dumps(
    {
        "organization-name": "Sender Inc.",
        "date-range": {"start-datetime": "2026-03-04T00:00:00Z", "end-datetime": "2026-03-04T23:59:59Z"},
        "contact-info": "tls@sender.example",
        "report-id": "2026-03-04-1",
        "policies": [
            {
                "policy": {"policy-type": "sts", "policy-domain": "north.example", "mx-host": ["mx.north.example"]},
                "summary": {"total-successful-session-count": 90, "total-failure-session-count": 4},
                "failure-details": [
                    {
                        "result-type": "certificate-expired",
                        "sending-mta-ip": "198.51.100.1",
                        "receiving-mx-hostname": "mx.north.example",
                        "failed-session-count": 4,
                    }
                ],
            }
        ],
    }
)


def zipped(text: str, *, members: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"google.com!north.example!{number}.xml", text)
    return out.getvalue()


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def mailed(octets: bytes, subtype: str = "zip") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "noreply@google.com", "Report domain: north.example"
    mail.set_content("This is an aggregate report.")
    mail.add_attachment(octets, maintype="application", subtype=subtype, filename="report")
    return mail.as_bytes()
