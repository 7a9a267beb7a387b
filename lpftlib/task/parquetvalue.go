package task

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	thrift "github.com/parquet-go/parquet-go/format"
)

// parquetColumn says how the values of a column become text.
type parquetColumn struct {
	name     string
	many     bool // a list: more than one value a row
	half     bool // 2 bytes that are a float16
	unsigned bool
	scale    int // decimals: digits after the point; −1: no decimal
}

// maxScale is above the digits that any writer of decimals knows (76).
const maxScale = 100

// parquetColumns describes the columns of a file, in the order of their values' column numbers.
func parquetColumns(file *parquet.File) []parquetColumn {
	var columns []parquetColumn
	schema := file.Schema()
	halves := float16Columns(file.Metadata().Schema)
	for i, path := range schema.Columns() {
		column := parquetColumn{scale: -1, name: strings.Join(path, "."), half: halves[i]}
		leaf, _ := schema.Lookup(path...)
		if column.many = leaf.MaxRepetitionLevel > 0; column.many {
			column.name = listName(schema, path)
		}
		if logical := leaf.Node.Type().LogicalType(); logical != nil {
			switch kind := logical.Value.(type) {
			case *thrift.DecimalType:
				column.scale = min(int(kind.Scale), maxScale)
			case *thrift.IntType:
				column.unsigned = !kind.IsSigned
			}
		}
		columns = append(columns, column)
	}
	return columns
}

// float16Columns are the numbers of the columns of float16, which the library shows as two bytes. Elements with a
// type are the columns, in their order; the others are groups.
func float16Columns(elements []thrift.SchemaElement) map[int]bool {
	found := map[int]bool{}
	column := 0
	for _, e := range elements {
		if !e.Type.Valid {
			continue
		}
		if _, ok := e.LogicalType.Value.(*thrift.Float16Type); ok {
			found[column] = true
		}
		column++
	}
	return found
}

// listName is the name of a column of lists without what parquet adds to it: "text" for text.list.element.
func listName(node parquet.Node, path []string) string {
	var name []string
	for i, element := range path {
		for _, field := range node.Fields() {
			if field.Name() == element {
				node = field
				break
			}
		}
		if node.Repeated() && i > 0 && i+1 < len(path) {
			return strings.Join(append(name, path[i+2:]...), ".")
		}
		name = append(name, element)
	}
	return strings.Join(name, ".")
}

// cell is a value as text.
func (c parquetColumn) cell(v parquet.Value) cell {
	switch {
	case c.many:
		return cell{flaw: list}
	case v.IsNull():
		return cell{flaw: null}
	}
	return cell{text: c.text(v)}
}

func (c parquetColumn) text(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Boolean:
		return truth(v.Boolean())
	case parquet.Int32:
		if c.unsigned {
			return strconv.FormatUint(uint64(v.Uint32()), 10)
		}
		return c.integer(int64(v.Int32())) // Int64 would not extend the sign
	case parquet.Int64:
		if c.unsigned {
			return strconv.FormatUint(v.Uint64(), 10)
		}
		return c.integer(v.Int64())
	case parquet.ByteArray, parquet.FixedLenByteArray:
		bytes := v.ByteArray()
		switch {
		case c.scale >= 0:
			return decimal(twosComplement(bytes), c.scale)
		case c.half && len(bytes) == 2:
			return strconv.FormatFloat(float16(uint16(bytes[0])|uint16(bytes[1])<<8), 'g', -1, 32)
		}
		return string(bytes)
	}
	return v.String()
}

func (c parquetColumn) integer(n int64) string {
	if c.scale >= 0 {
		return decimal(big.NewInt(n), c.scale)
	}
	return strconv.FormatInt(n, 10)
}

// decimal writes a number without its point as one with scale digits after it.
func decimal(unscaled *big.Int, scale int) string {
	digits := new(big.Int).Abs(unscaled).String()
	if short := scale + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// twosComplement reads a big-endian number with sign, as parquet keeps long decimals.
func twosComplement(bytes []byte) *big.Int {
	n := new(big.Int).SetBytes(bytes)
	if len(bytes) > 0 && bytes[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
	}
	return n
}

// float16 is the value of an IEEE half-precision number.
func float16(bits uint16) float64 {
	sign, exponent, fraction := 1.0, int(bits>>10&0x1f), float64(bits&0x3ff)
	if bits>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 0x1f:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
