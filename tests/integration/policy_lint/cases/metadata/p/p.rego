# METADATA
# title: [
package p

limit := 1
