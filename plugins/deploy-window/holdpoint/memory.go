//go:build wasip1

package holdpoint

import (
	"strings"
	"unsafe"
)

// Bytes of a record in a list.
const recordSize = 120

// reader takes values out of memory in the order of their fields.
type reader struct{ at unsafe.Pointer }

func (from *reader) align(to uintptr) {
	from.at = unsafe.Add(from.at, (to-uintptr(from.at)%to)%to)
}

func (from *reader) u8() uint8 {
	value := *(*uint8)(from.at)
	from.at = unsafe.Add(from.at, 1)
	return value
}

func (from *reader) u32() uint32 {
	from.align(4)
	value := *(*uint32)(from.at)
	from.at = unsafe.Add(from.at, 4)
	return value
}

func (from *reader) u64() uint64 {
	from.align(8)
	value := *(*uint64)(from.at)
	from.at = unsafe.Add(from.at, 8)
	return value
}

// The text is copied: what holdpoint wrote is let go when the call is over.
func (from *reader) text() string {
	start, length := from.u32(), from.u32()
	return strings.Clone(unsafe.String((*byte)(address(start)), length))
}

func address(offset uint32) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), offset) }

func list[T any](from *reader, element func(*reader) T) []T {
	start, count := from.u32(), from.u32()
	inner := reader{at: address(start)}
	values := make([]T, count)
	for i := range values {
		values[i] = element(&inner)
	}
	return values
}

func (from *reader) attribute() Attribute { return Attribute{from.text(), from.text()} }

func (from *reader) artifact() Artifact {
	return Artifact{from.text(), from.text(), from.text(), from.text()}
}

func (from *reader) record() Record {
	record := Record{
		ID:             from.text(),
		Environment:    from.text(),
		Target:         from.text(),
		DeploymentName: from.text(),
		Artifact:       from.artifact(),
		Status:         Status(from.u8()),
		StatusText:     from.text(),
		CreatedAt:      from.u64(),
		UpdatedAt:      from.u64(),
	}
	seen := from.u8() != 0
	if at := from.u64(); seen {
		record.LastSeenAt = &at
	}
	record.Tags = list(from, (*reader).attribute)
	from.align(8)
	return record
}

func (from *reader) input() Input {
	input := Input{
		Request: Request{
			Artifact:       from.artifact(),
			Reference:      from.text(),
			Environment:    from.text(),
			DeploymentName: from.text(),
			Intent:         from.text(),
			Actor:          from.text(),
			Reason:         from.text(),
			Context:        list(from, (*reader).attribute),
		},
		AsOf:    from.u64(),
		Channel: from.text(),
	}
	input.Environments = list(from, (*reader).text)
	input.Parameters = from.text()
	return input
}

// writer puts values into memory in the order of their fields. Memory is zero where nothing is put.
type writer struct{ start, at unsafe.Pointer }

func newWriter(size uint32) *writer {
	start := allocate(size)
	return &writer{start, start}
}

func (to *writer) align(boundary uintptr) {
	to.at = unsafe.Add(to.at, (boundary-uintptr(to.at)%boundary)%boundary)
}

func (to *writer) u8(value uint8) {
	*(*uint8)(to.at) = value
	to.at = unsafe.Add(to.at, 1)
}

func (to *writer) u32(value uint32) {
	to.align(4)
	*(*uint32)(to.at) = value
	to.at = unsafe.Add(to.at, 4)
}

func (to *writer) u64(value uint64) {
	to.align(8)
	*(*uint64)(to.at) = value
	to.at = unsafe.Add(to.at, 8)
}

// The text is copied into held memory, and mended where it is not UTF-8: holdpoint takes nothing else.
func (to *writer) text(value string) {
	value = strings.ToValidUTF8(value, "\uFFFD")
	block := allocate(uint32(len(value)))
	copy(unsafe.Slice((*byte)(block), len(value)), value)
	to.u32(uint32(uintptr(block)))
	to.u32(uint32(len(value)))
}

// An empty text is none.
func (to *writer) optional(value string) {
	to.align(4)
	if value == "" {
		to.at = unsafe.Add(to.at, 12)
		return
	}
	to.u8(1)
	to.text(value)
}

func (to *writer) texts(values []string) {
	block := newWriter(8 * uint32(len(values)))
	for _, value := range values {
		block.text(value)
	}
	to.u32(uint32(uintptr(block.start)))
	to.u32(uint32(len(values)))
}

func (to *writer) findings(values []Finding) {
	block := newWriter(56 * uint32(len(values)))
	for _, value := range values {
		block.finding(value)
	}
	to.u32(uint32(uintptr(block.start)))
	to.u32(uint32(len(values)))
}

func (to *writer) finding(value Finding) {
	to.u8(uint8(value.Effect))
	to.text(value.Code)
	to.text(value.Message)
	to.optional(value.Remediation)
	to.texts(value.Records)
	to.align(8)
	if value.OpensAt == nil {
		to.u8(0)
		to.u64(0)
		return
	}
	to.u8(1)
	to.u64(*value.OpensAt)
}
