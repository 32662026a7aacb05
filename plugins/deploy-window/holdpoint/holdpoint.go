// Package holdpoint is the contract holdpoint:plugin@0.1.0 in Go's words. These types and Snapshot build everywhere, so
// that a rule is tested with "go test"; component.go joins them to WebAssembly.
package holdpoint

import "slices"

// Attribute is a name and a value: labels, tags, context.
type Attribute struct{ Name, Value string }

// Artifact is what is deployed. Version is empty where the source has none.
type Artifact struct{ Kind, Name, Digest, Version string }

// Status says how a record stands.
type Status uint8

// What a source says beyond the first three is StatusUnknown, with its word in Record.StatusText.
const (
	StatusDeployed Status = iota
	StatusSuperseded
	StatusDecommissioned
	StatusUnknown
)

// Record is one deployment record. Times are milliseconds since 1970; CreatedAt is 0 where the source has none.
type Record struct {
	ID             string
	Environment    string
	Target         string
	DeploymentName string
	Artifact       Artifact
	Status         Status
	StatusText     string
	CreatedAt      uint64
	UpdatedAt      uint64
	LastSeenAt     *uint64
	Tags           []Attribute
}

// Request is what somebody wants to deploy. Intent, Actor, Reason and Context are the caller's claims.
type Request struct {
	Artifact       Artifact
	Reference      string
	Environment    string
	DeploymentName string
	Intent         string
	Actor          string
	Reason         string
	Context        []Attribute
}

// Input is the question. AsOf, in milliseconds since 1970, is the only clock there is.
type Input struct {
	Request      Request
	AsOf         uint64
	Channel      string
	Environments []string
	// Parameters of the rule as JSON text, already checked against Metadata.ParametersSchema.
	Parameters string
}

// Filter of records. Nil fields match everything; Of makes a field.
type Filter struct {
	Environment    *string
	Target         *string
	DeploymentName *string
	Digest         *string
	Status         *Status
}

// Of gives a pointer to a value, for the optional fields of Filter and Finding.
func Of[T any](value T) *T { return &value }

// Records of the decision's snapshot, pulled as far as a rule needs them.
type Records interface {
	// Count tells how many records match.
	Count(Filter) uint32
	// Latest gives the newest record that matches, or nil.
	Latest(Filter) *Record
	// Page gives matching records, newest first, from offset on. The limit is cut to 500.
	Page(filter Filter, offset, limit uint32) []Record
}

// Effect is what a finding does to the verdict.
type Effect uint8

const (
	Deny Effect = iota
	Hold
	Warn
)

// Finding is one thing found. Remediation may be empty, and OpensAt nil.
type Finding struct {
	Effect      Effect
	Code        string
	Message     string
	Remediation string
	// Ids of the records that it rests on.
	Records []string
	// For a hold: when it ends by itself, in milliseconds since 1970.
	OpensAt *uint64
}

// Verdict is what the rule found. One without findings has passed.
type Verdict struct {
	Findings []Finding
	// Why the rule does not apply to this request; empty when it does.
	Skipped string
}

// Metadata describes the plugin. ParametersSchema (JSON Schema 2020-12) and DocumentationURL may be empty.
type Metadata struct {
	Name, Version, Title, Description string
	ParametersSchema                  string
	DocumentationURL                  string
}

// Level of a line in the log.
type Level uint8

const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// Rule is what a plugin offers.
type Rule interface {
	// Describe is called once, when the plugin is loaded.
	Describe() Metadata
	// CheckParameters says what is wrong with parameters beyond what the schema can say.
	CheckParameters(parameters string) []string
	// Evaluate decides. An error is the plugin's own failure ("could not decide"), never an objection.
	Evaluate(Input, Records) (Verdict, error)
}

// Snapshot is Records over a slice, for tests. Its records are newest first.
type Snapshot []Record

func (snapshot Snapshot) matching(filter Filter) []Record {
	return slices.DeleteFunc(slices.Clone(snapshot), func(record Record) bool {
		return !(matches(filter.Environment, record.Environment) &&
			matches(filter.Target, record.Target) &&
			matches(filter.DeploymentName, record.DeploymentName) &&
			matches(filter.Digest, record.Artifact.Digest) &&
			matches(filter.Status, record.Status))
	})
}

func matches[T comparable](wanted *T, value T) bool { return wanted == nil || *wanted == value }

// Count implements Records.
func (snapshot Snapshot) Count(filter Filter) uint32 { return uint32(len(snapshot.matching(filter))) }

// Latest implements Records.
func (snapshot Snapshot) Latest(filter Filter) *Record {
	if found := snapshot.Page(filter, 0, 1); len(found) > 0 {
		return &found[0]
	}
	return nil
}

// Page implements Records.
func (snapshot Snapshot) Page(filter Filter, offset, limit uint32) []Record {
	found := snapshot.matching(filter)
	found = found[min(int(offset), len(found)):]
	return found[:min(int(limit), 500, len(found))]
}
