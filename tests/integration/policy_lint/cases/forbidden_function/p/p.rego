# METADATA
# title: Gate
# description: Nothing goes out.
# custom:
#   severity: high
#   version: 1.0.0
#   remediation: Ask again tomorrow.
package p

deny contains "no" if http.send({"method": "get", "url": "https://example.com"}).status_code != 200

deny contains "no" if io.jwt.decode(input.request.reason)[0]

deny contains "no" if net.cidr_intersects("10.0.0.0/8", "10.0.0.0/16")
