//go:build wasip1

package holdpoint

import (
	"fmt"
	"unsafe"
)

// The functions of the world holdpoint:plugin/plugin@0.1.0 by the canonical ABI of the component model: text and lists
// are an address and a length, records are laid out in memory with their fields aligned. Nothing here depends on a rule.

var rule Rule

// Register names the rule that this component offers. Call it in an init function of package main.
func Register(offered Rule) { rule = offered }

// Log writes one line to the evaluation's log. Lines and bytes are bounded by holdpoint.
func Log(level Level, message string) {
	importLog(uint32(level), textPointer(message), uint32(len(message)))
}

//go:wasmimport holdpoint:plugin/log@0.1.0 log
func importLog(level uint32, message unsafe.Pointer, length uint32)

//go:wasmimport holdpoint:plugin/records@0.1.0 count
func importCount(
	hasEnvironment uint32, environment unsafe.Pointer, environmentLength uint32,
	hasTarget uint32, target unsafe.Pointer, targetLength uint32,
	hasName uint32, name unsafe.Pointer, nameLength uint32,
	hasDigest uint32, digest unsafe.Pointer, digestLength uint32,
	hasStatus uint32, status uint32,
) uint32

//go:wasmimport holdpoint:plugin/records@0.1.0 latest
func importLatest(
	hasEnvironment uint32, environment unsafe.Pointer, environmentLength uint32,
	hasTarget uint32, target unsafe.Pointer, targetLength uint32,
	hasName uint32, name unsafe.Pointer, nameLength uint32,
	hasDigest uint32, digest unsafe.Pointer, digestLength uint32,
	hasStatus uint32, status uint32,
	result unsafe.Pointer,
)

//go:wasmimport holdpoint:plugin/records@0.1.0 page
func importPage(
	hasEnvironment uint32, environment unsafe.Pointer, environmentLength uint32,
	hasTarget uint32, target unsafe.Pointer, targetLength uint32,
	hasName uint32, name unsafe.Pointer, nameLength uint32,
	hasDigest uint32, digest unsafe.Pointer, digestLength uint32,
	hasStatus uint32, status uint32,
	offset uint32, limit uint32,
	result unsafe.Pointer,
)

// hostRecords is Records of the snapshot that holdpoint holds.
type hostRecords struct{}

func (hostRecords) Count(filter Filter) uint32 {
	environment, target, name, digest := flat(filter.Environment), flat(filter.Target), flat(filter.DeploymentName), flat(filter.Digest)
	hasStatus, status := flatStatus(filter.Status)
	return importCount(
		environment.given, environment.text, environment.length, target.given, target.text, target.length,
		name.given, name.text, name.length, digest.given, digest.text, digest.length, hasStatus, status)
}

func (hostRecords) Latest(filter Filter) *Record {
	environment, target, name, digest := flat(filter.Environment), flat(filter.Target), flat(filter.DeploymentName), flat(filter.Digest)
	hasStatus, status := flatStatus(filter.Status)
	result := allocate(recordSize + 8)
	importLatest(
		environment.given, environment.text, environment.length, target.given, target.text, target.length,
		name.given, name.text, name.length, digest.given, digest.text, digest.length, hasStatus, status, result)
	from := reader{at: result}
	if from.u8() == 0 {
		return nil
	}
	from.align(8)
	found := from.record()
	return &found
}

func (hostRecords) Page(filter Filter, offset, limit uint32) []Record {
	environment, target, name, digest := flat(filter.Environment), flat(filter.Target), flat(filter.DeploymentName), flat(filter.Digest)
	hasStatus, status := flatStatus(filter.Status)
	result := allocate(8)
	importPage(
		environment.given, environment.text, environment.length, target.given, target.text, target.length,
		name.given, name.text, name.length, digest.given, digest.text, digest.length, hasStatus, status,
		offset, limit, result)
	from := reader{at: result}
	return list(&from, (*reader).record)
}

// An optional text as it is passed: whether there is one, its address, its length.
type optionalText struct {
	given  uint32
	text   unsafe.Pointer
	length uint32
}

func flat(value *string) optionalText {
	if value == nil {
		return optionalText{}
	}
	return optionalText{1, textPointer(*value), uint32(len(*value))}
}

func flatStatus(value *Status) (given, status uint32) {
	if value == nil {
		return 0, 0
	}
	return 1, uint32(*value)
}

func textPointer(text string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(text)) }

//go:wasmexport holdpoint:plugin/rule@0.1.0#describe
func exportDescribe() unsafe.Pointer {
	about := rule.Describe()
	to := newWriter(56)
	to.text(about.Name)
	to.text(about.Version)
	to.text(about.Title)
	to.text(about.Description)
	to.optional(about.ParametersSchema)
	to.optional(about.DocumentationURL)
	return to.start
}

//go:wasmexport holdpoint:plugin/rule@0.1.0#check-parameters
func exportCheckParameters(parameters unsafe.Pointer, length uint32) unsafe.Pointer {
	faults := guardedCheck(unsafe.String((*byte)(parameters), length))
	to := newWriter(12)
	if len(faults) > 0 {
		to.u8(1)
		to.texts(faults)
	}
	return to.start
}

//go:wasmexport holdpoint:plugin/rule@0.1.0#evaluate
func exportEvaluate(input unsafe.Pointer) unsafe.Pointer {
	from := reader{at: input}
	verdict, err := guardedEvaluate(from.input())
	to := newWriter(16)
	switch {
	case err != nil:
		to.u8(1)
		to.align(4)
		to.text(err.Error())
	case verdict.Skipped != "":
		to.u8(0)
		to.align(4)
		to.u8(1)
		to.text(verdict.Skipped)
	default:
		to.u8(0)
		to.align(4)
		to.u8(0)
		to.findings(verdict.Findings)
	}
	return to.start
}

// A panic would be a trap without words.
func guardedCheck(parameters string) (faults []string) {
	defer func() {
		if reason := recover(); reason != nil {
			faults = []string{fmt.Sprint("the plugin panicked: ", reason)}
		}
	}()
	return rule.CheckParameters(parameters)
}

func guardedEvaluate(input Input) (verdict Verdict, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the plugin panicked: %v", reason)
		}
	}()
	verdict, err = rule.Evaluate(input, hostRecords{})
	for _, finding := range verdict.Findings {
		if finding.Effect > Warn {
			return verdict, fmt.Errorf("finding %q has the effect %d, which is none", finding.Code, finding.Effect)
		}
	}
	return verdict, err
}

//go:wasmexport cabi_post_holdpoint:plugin/rule@0.1.0#describe
func exportFreeDescribe(unsafe.Pointer) { clear(held) }

//go:wasmexport cabi_post_holdpoint:plugin/rule@0.1.0#check-parameters
func exportFreeCheckParameters(unsafe.Pointer) { clear(held) }

//go:wasmexport cabi_post_holdpoint:plugin/rule@0.1.0#evaluate
func exportFreeEvaluate(unsafe.Pointer) { clear(held) }

// Memory that holdpoint writes to or reads from, which the collector must leave alone until the call is over.
var held = map[unsafe.Pointer][]uint64{}

func allocate(size uint32) unsafe.Pointer {
	block := make([]uint64, max(1, (size+7)/8))
	start := unsafe.Pointer(unsafe.SliceData(block))
	held[start] = block
	return start
}

//go:wasmexport cabi_realloc
func exportReallocate(old unsafe.Pointer, oldSize, _, size uint32) unsafe.Pointer {
	if size == 0 {
		return unsafe.Pointer(&nothing)
	}
	block := allocate(size)
	if old != nil {
		copy(unsafe.Slice((*byte)(block), size), unsafe.Slice((*byte)(old), oldSize))
		delete(held, old)
	}
	return block
}

// Where allocations of no bytes are.
var nothing uint64
