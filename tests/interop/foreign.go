// Verifies and makes logs in the formats of C2SP with golang.org/x/mod/sumdb, which is what the Go checksum database runs on:
// notes are opened and signed by its package note, and everything about the tree is asked of its package tlog.
//
//	foreign verify DIR               prints what was verified; exit 1 and the first fault otherwise
//	foreign self-test DIR            changes DIR in memory, a byte at a time, each of which must be refused
//	foreign make DIR SEED SIZE...    writes a log with a checkpoint at each size, ascending
//
// What lies in such a folder is said in README.md.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	proofHeader = "c2sp.org/tlog-proof@v1\n"
	height      = 8
)

// C2SP and RFC 6962 give the empty tree the hash of nothing, tlog all zeros: sizes of 0 are not asked of it.
var emptyRoot = tlog.Hash(sha256.Sum256(nil))

type folder map[string][]byte

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "BAD", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "verify":
		files, err := read(args[1])
		if err != nil {
			return err
		}
		summary, err := verify(files)
		if err == nil {
			fmt.Println(summary)
		}
		return err
	case len(args) == 2 && args[0] == "self-test":
		files, err := read(args[1])
		if err != nil {
			return err
		}
		return selfTest(files)
	case len(args) > 3 && args[0] == "make":
		seed, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return err
		}
		var sizes []int64
		for _, arg := range args[3:] {
			size, err := strconv.ParseInt(arg, 10, 64)
			if err != nil {
				return err
			}
			sizes = append(sizes, size)
		}
		files, err := makeLog(seed, sizes)
		if err != nil {
			return err
		}
		return write(args[1], files)
	}
	fmt.Fprintln(os.Stderr, "usage: foreign verify DIR | self-test DIR | make DIR SEED SIZE...")
	os.Exit(2)
	return nil
}

func read(dir string) (folder, error) {
	files := folder{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	return files, err
}

func write(dir string, files folder) error {
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (files folder) names() []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Verifying.

// A witness is known to package note by an interface of its own, through which it dispatches by name and hash.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
	return time < 1<<63 && ed25519.Verify(w.key, []byte(message), sig[8:])
}

// Package note knows keys of type 1 alone.
func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is no key", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, fmt.Errorf("%q is no key of a witness", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", sum[:4]) != parts[1] {
		return nil, fmt.Errorf("the id of %q is wrong", vkey)
	}
	return &witness{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}, nil
}

type identity struct {
	name string
	hash uint32
}

type group struct {
	threshold int
	members   []string
}

type policy struct {
	origin    string
	log       identity
	witnesses map[string]identity
	groups    map[string]group
	quorum    string
	known     note.Verifiers
}

func newPolicy(data []byte) (*policy, error) {
	p := &policy{witnesses: map[string]identity{}, groups: map[string]group{}}
	var verifiers []note.Verifier
	if !bytes.HasSuffix(data, []byte("\n")) {
		return nil, errors.New("the policy is cut off")
	}
	defined := func(name string) bool {
		_, isWitness := p.witnesses[name]
		_, isGroup := p.groups[name]
		return isWitness || isGroup
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		words := strings.Fields(line)
		bad := fmt.Errorf("%q is no line of a policy", line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "log" && len(words) == 2 && p.origin == "":
			verifier, err := note.NewVerifier(words[1])
			if err != nil {
				return nil, err
			}
			p.origin, p.log = verifier.Name(), identity{verifier.Name(), verifier.KeyHash()}
			verifiers = append(verifiers, verifier)
		case words[0] == "witness" && len(words) == 3 && !defined(words[1]):
			verifier, err := newWitness(words[2])
			if err != nil {
				return nil, err
			}
			p.witnesses[words[1]] = identity{verifier.name, verifier.hash}
			verifiers = append(verifiers, verifier)
		case words[0] == "group" && len(words) > 3 && !defined(words[1]):
			members := words[3:]
			threshold, err := strconv.Atoi(words[2])
			if words[2] == "all" {
				threshold, err = len(members), nil
			} else if words[2] == "any" {
				threshold, err = 1, nil
			}
			if err != nil || threshold < 1 || threshold > len(members) {
				return nil, bad
			}
			for _, member := range members {
				if !defined(member) {
					return nil, bad
				}
			}
			p.groups[words[1]] = group{threshold, members}
		case words[0] == "quorum" && len(words) == 2 && p.quorum == "" && (words[1] == "none" || defined(words[1])):
			p.quorum = words[1]
		default:
			return nil, bad
		}
	}
	if p.origin == "" || p.quorum == "" {
		return nil, errors.New("the policy has no log or no quorum")
	}
	p.known = note.VerifierList(verifiers...)
	return p, nil
}

func (p *policy) met(name string, signed map[identity]bool) bool {
	if name == "none" {
		return true
	}
	if witness, ok := p.witnesses[name]; ok {
		return signed[witness]
	}
	count := 0
	for _, member := range p.groups[name].members {
		if p.met(member, signed) {
			count++
		}
	}
	return count >= p.groups[name].threshold
}

// What a checkpoint says, and whether enough witnesses have cosigned it.
func (p *policy) open(data []byte) (tree tlog.Tree, witnessed bool, err error) {
	n, err := note.Open(data, p.known)
	if err != nil {
		return tree, false, err
	}
	signed := map[identity]bool{}
	for _, sig := range n.Sigs {
		signed[identity{sig.Name, sig.Hash}] = true
	}
	// Package note takes any bits where base64 has none to carry, so that one signature can be written in several ways.
	for _, sig := range append(n.Sigs, n.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return tree, false, err
		}
	}
	if !signed[p.log] {
		return tree, false, errors.New("the log has not signed")
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 {
		return tree, false, errors.New("the text has not three lines")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || tree.N < 0 {
		return tree, false, fmt.Errorf("%q is no size", lines[1])
	}
	if tree.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		return tree, false, err
	}
	if n.Text != text(p.origin, tree) {
		return tree, false, fmt.Errorf("%q is not written as it should be, or of another log", n.Text)
	}
	return tree, p.met(p.quorum, signed), nil
}

func text(origin string, tree tlog.Tree) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, tree.N, tree.Hash)
}

// The hashes of a tree, as package tlog has them stored.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("there is no hash %d", index)
		}
		found = append(found, h[index])
	}
	return found, nil
}

func stored(records [][]byte) (hashes, error) {
	var all hashes
	for n, record := range records {
		more, err := tlog.StoredHashes(int64(n), record, all)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// C2SP has one height of tiles, and does not write it.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// The tiles of a tree, those of its entries with level -1.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for _, tile := range tlog.NewTiles(height, 0, size) {
		// Every width of a partial tile is listed, the last one is that of the tree.
		last := len(tiles) - 1
		if last >= 0 && tiles[last].L == tile.L && tiles[last].N == tile.N {
			tiles[last] = tile
		} else {
			tiles = append(tiles, tile)
		}
	}
	for _, tile := range tiles {
		if tile.L == 0 {
			tile.L = -1
			tiles = append(tiles, tile)
		}
	}
	return tiles
}

func (files folder) Height() int                     { return height }
func (files folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (files folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		data, ok := files[pathOf(tile)]
		if !ok {
			return nil, fmt.Errorf("%s is missing", pathOf(tile))
		}
		found = append(found, data)
	}
	return found, nil
}

func bundle(records [][]byte) []byte {
	var data []byte
	for _, record := range records {
		data = append(data, byte(len(record)>>8), byte(len(record)))
		data = append(data, record...)
	}
	return data
}

func unbundle(data []byte) ([][]byte, error) {
	var records [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("an entry is cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		records = append(records, data[2:end])
		data = data[end:]
	}
	return records, nil
}

func (files folder) records(size int64) ([][]byte, error) {
	var bundled [][]byte
	for _, tile := range tilesOf(size) {
		if data, ok := files[pathOf(tile)]; ok && tile.L == -1 {
			records, err := unbundle(data)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pathOf(tile), err)
			}
			bundled = append(bundled, records...)
		}
	}
	lines, ok := files["entries.jsonl"]
	if !ok {
		if int64(len(bundled)) != size {
			return nil, fmt.Errorf("%d records for a size of %d", len(bundled), size)
		}
		return bundled, nil
	}
	if !bytes.HasSuffix(lines, []byte("\n")) {
		return nil, errors.New("the last line is cut off")
	}
	records := bytes.Split(bytes.TrimSuffix(lines, []byte("\n")), []byte("\n"))
	if int64(len(records)) != size {
		return nil, fmt.Errorf("%d lines for a size of %d", len(records), size)
	}
	return records, nil
}

// The lines of hashes before an empty line, and the checkpoint behind it.
func split(data []byte, first string) (line string, path []tlog.Hash, checkpoint []byte, err error) {
	at := bytes.Index(data, []byte("\n\n"))
	if at < 0 {
		return "", nil, nil, errors.New("no checkpoint follows")
	}
	lines := strings.Split(string(data[:at]), "\n")
	if !strings.HasPrefix(lines[0], first) {
		return "", nil, nil, fmt.Errorf("%q does not begin with %q", lines[0], first)
	}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil || hash.String() != line {
			return "", nil, nil, fmt.Errorf("%q is no hash", line)
		}
		path = append(path, hash)
	}
	return strings.TrimPrefix(lines[0], first), path, data[at+2:], nil
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func verify(files folder) (string, error) {
	counts := map[string]int{}
	p, err := newPolicy(files["policy"])
	if err != nil {
		return "", fmt.Errorf("policy: %w", err)
	}
	trees := map[string]tlog.Tree{}
	var largest int64
	tiled := false
	for _, name := range files.names() {
		kind, rest := name, ""
		if at := strings.Index(name, "/"); at >= 0 {
			kind, rest = name[:at], name[at+1:]
		}
		counts[kind]++
		switch kind {
		case "checkpoints", "strangers", "unwitnessed":
			tree, witnessed, err := p.open(files[name])
			if err == nil && witnessed == (kind == "unwitnessed") {
				err = fmt.Errorf("the quorum: %v", witnessed)
			}
			if err == nil && kind == "checkpoints" && strconv.FormatInt(tree.N, 10) != rest {
				err = fmt.Errorf("a size of %d", tree.N)
			}
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			trees[name] = tree
			if tree.N > largest {
				largest = tree.N
			}
		case "refused":
			if _, _, err := p.open(files[name]); err == nil {
				return "", fmt.Errorf("%s: accepted", name)
			}
		case "tile":
			tiled = true
		case "keys":
			if !bytes.HasSuffix(files[name], []byte("\n")) {
				return "", errors.New("keys: cut off")
			}
			for _, vkey := range strings.Split(strings.TrimSuffix(string(files[name]), "\n"), "\n") {
				if _, err := note.NewVerifier(vkey); err != nil {
					return "", fmt.Errorf("keys: %w", err)
				}
			}
		case "policy", "entries.jsonl", "proofs", "consistency":
		default:
			return "", fmt.Errorf("%s belongs to nothing", name)
		}
	}

	records, err := files.records(largest)
	if err != nil {
		return "", err
	}
	all, err := stored(records)
	if err != nil {
		return "", err
	}
	expected := map[string]bool{}
	for name, tree := range trees {
		if err := checkTree(files, tree, records, all, tiled); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if strings.HasPrefix(name, "checkpoints/") {
			for _, tile := range tilesOf(tree.N) {
				expected[pathOf(tile)] = true
			}
		}
	}
	for _, name := range files.names() {
		if strings.HasPrefix(name, "tile/") && !expected[name] {
			return "", fmt.Errorf("%s belongs to no checkpoint", name)
		}
		switch {
		case strings.HasPrefix(name, "proofs/"):
			err = checkProof(p, name, files[name], records, all)
		case strings.HasPrefix(name, "consistency/"):
			err = checkConsistency(p, name, files, all)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return fmt.Sprintf("%d records, %d checkpoints, %d with strangers, %d unwitnessed, %d refused, %d proofs, "+
		"%d of consistency, %d tiles",
		len(records), counts["checkpoints"], counts["strangers"], counts["unwitnessed"], counts["refused"],
		counts["proofs"], counts["consistency"], counts["tile"]), nil
}

// That the records, and the tiles where there are any, lead to the root.
func checkTree(files folder, tree tlog.Tree, records [][]byte, all hashes, tiled bool) error {
	root, err := emptyRoot, error(nil)
	if tree.N > 0 {
		root, err = tlog.TreeHash(tree.N, all)
	}
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the records lead to %v", root)
	}
	if !tiled || tree.N == 0 {
		return nil
	}
	// Which authenticates each tile against the root before anything is read from it.
	reader := tlog.TileHashReader(tree, files)
	for _, tile := range tilesOf(tree.N) {
		data, ok := files[pathOf(tile)]
		if !ok {
			return fmt.Errorf("%s is missing", pathOf(tile))
		}
		if tile.L == -1 {
			from := tile.N << height
			if !bytes.Equal(data, bundle(records[from:from+int64(tile.W)])) {
				return fmt.Errorf("%s holds other records", pathOf(tile))
			}
			continue
		}
		hashes, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return fmt.Errorf("%s: %w", pathOf(tile), err)
		}
		ours, err := tlog.ReadTileData(tile, all)
		if err != nil || !bytes.Equal(hashes, ours) || !bytes.Equal(hashes, data) {
			return fmt.Errorf("%s holds other hashes", pathOf(tile))
		}
	}
	return nil
}

func checkProof(p *policy, name string, data []byte, records [][]byte, all hashes) error {
	if !bytes.HasPrefix(data, []byte(proofHeader)) {
		return errors.New("another header")
	}
	data = data[len(proofHeader):]
	var extra []byte
	if bytes.HasPrefix(data, []byte("extra ")) {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return errors.New("cut off")
		}
		decoded, err := base64.StdEncoding.Strict().DecodeString(string(data[len("extra "):end]))
		if err != nil || len(decoded) == 0 {
			return errors.New("the extra data is no base64")
		}
		extra, data = decoded, data[end+1:]
	}
	line, path, checkpoint, err := split(data, "index ")
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(line, 10, 64)
	if err != nil {
		return err
	}
	tree, witnessed, err := p.open(checkpoint)
	if err != nil {
		return err
	}
	if !witnessed || fmt.Sprintf("proofs/%d/%s", tree.N, line) != name || fmt.Sprint(index) != line {
		return errors.New("unwitnessed, or of another place")
	}
	if extra != nil && !bytes.Equal(extra, records[index]) {
		return errors.New("the extra data is not the record")
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(records[index])); err != nil {
		return err
	}
	if proved, err := tlog.ProveRecord(tree.N, index, all); err != nil || !same(proved, path) {
		return errors.New("proved otherwise")
	}
	return nil
}

func checkConsistency(p *policy, name string, files folder, all hashes) error {
	line, path, checkpoint, err := split(files[name], "old ")
	if err != nil {
		return err
	}
	earlier, ok := files["checkpoints/"+line]
	if !ok {
		return fmt.Errorf("there is no checkpoint of %q", line)
	}
	old, _, err := p.open(earlier)
	if err != nil {
		return err
	}
	tree, witnessed, err := p.open(checkpoint)
	if err != nil {
		return err
	}
	if !witnessed || fmt.Sprintf("consistency/%d-%d", old.N, tree.N) != name {
		return errors.New("unwitnessed, or of other sizes")
	}
	if old.N == 0 {
		if len(path) > 0 {
			return errors.New("to the empty tree there is nothing to prove")
		}
		return nil
	}
	if err := tlog.CheckTree(path, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return err
	}
	if proved, err := tlog.ProveTree(tree.N, old.N, all); err != nil || !same(proved, path) {
		return errors.New("proved otherwise")
	}
	return nil
}

func selfTest(files folder) error {
	if _, err := verify(files); err != nil {
		return err
	}
	var missed []string
	tried := 0
	try := func(name string, what string, damaged []byte) {
		whole := files[name]
		files[name] = damaged
		tried++
		if _, err := verify(files); err == nil {
			missed = append(missed, name+" "+what)
		}
		files[name] = whole
	}
	for _, name := range files.names() {
		// These hold what counts for nothing, or is to be refused anyway.
		if kind := strings.Split(name, "/")[0]; kind == "strangers" || kind == "unwitnessed" || kind == "refused" {
			continue
		}
		data := files[name]
		step := len(data)/3 + 1
		for at := 0; at < len(data); at += step {
			damaged := append([]byte(nil), data...)
			damaged[at] ^= 1
			try(name, fmt.Sprintf("byte %d", at), damaged)
		}
		damaged := append([]byte(nil), data...)
		damaged[len(data)-1] ^= 1
		try(name, "its last byte", damaged)
		try(name, "cut", data[:len(data)-1])
	}
	if len(missed) > 0 {
		return fmt.Errorf("not refused: %s", strings.Join(missed, ", "))
	}
	fmt.Printf("%d changed bytes, all refused\n", tried)
	return nil
}

// Making.

func makeLog(seed int64, sizes []int64) (folder, error) {
	random := rand.New(rand.NewSource(seed))
	const origin = "go.example/sumdb"
	skey, vkey, err := note.GenerateKey(random, origin)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	files := folder{"policy": []byte(fmt.Sprintf("log %s\nquorum none\n", vkey))}

	var records [][]byte
	for n := int64(0); n < sizes[len(sizes)-1]; n++ {
		// Of no bytes, too.
		length := random.Intn(24)
		if n == 70000-1 {
			// The longest one that a bundle of entries can hold.
			length = 65535
		}
		record := make([]byte, length)
		random.Read(record)
		records = append(records, record)
	}
	all, err := stored(records)
	if err != nil {
		return nil, err
	}

	checkpoints := map[int64][]byte{}
	for i, size := range sizes {
		root := emptyRoot
		if size > 0 {
			if root, err = tlog.TreeHash(size, all); err != nil {
				return nil, err
			}
		}
		tree := tlog.Tree{N: size, Hash: root}
		signed, err := note.Sign(&note.Note{Text: text(origin, tree)}, signer)
		if err != nil {
			return nil, err
		}
		checkpoints[size] = signed
		files[fmt.Sprintf("checkpoints/%d", size)] = signed

		for _, tile := range tilesOf(size) {
			if tile.L == -1 {
				from := tile.N << height
				files[pathOf(tile)] = bundle(records[from : from+int64(tile.W)])
			} else if files[pathOf(tile)], err = tlog.ReadTileData(tile, all); err != nil {
				return nil, err
			}
		}
		if size > 0 {
			for _, index := range []int64{0, random.Int63n(size), size - 1} {
				proof, err := tlog.ProveRecord(size, index, all)
				if err != nil {
					return nil, err
				}
				file := proofHeader
				if record := records[index]; index%2 == 0 && len(record) > 0 {
					file += "extra " + base64.StdEncoding.EncodeToString(record) + "\n"
				}
				file += fmt.Sprintf("index %d\n%s\n%s", index, lines(proof), signed)
				files[fmt.Sprintf("proofs/%d/%d", size, index)] = []byte(file)
			}
		}
		// From the size before, from the first one, and from the same.
		for _, old := range []int64{sizes[0], sizes[max(i-1, 0)], size} {
			var proof tlog.TreeProof
			if old > 0 {
				if proof, err = tlog.ProveTree(size, old, all); err != nil {
					return nil, err
				}
			}
			file := fmt.Sprintf("old %d\n%s\n%s", old, lines(proof), signed)
			files[fmt.Sprintf("consistency/%d-%d", old, size)] = []byte(file)
		}
	}
	return files, makeRefused(files, random, signer, origin, checkpoints[sizes[len(sizes)-1]])
}

func makeRefused(files folder, random *rand.Rand, signer note.Signer, origin string, whole []byte) error {
	// Of the same name, and another key.
	skey, _, err := note.GenerateKey(random, origin)
	if err != nil {
		return err
	}
	other, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	at := bytes.Index(whole, []byte("\n\n"))
	body := string(whole[:at+1])
	sign := func(body string, signers ...note.Signer) []byte {
		signed, err := note.Sign(&note.Note{Text: body}, signers...)
		if err != nil {
			panic(err)
		}
		return signed
	}
	files["strangers/rotated"] = sign(body, other, signer)
	files["refused/by-another-key"] = sign(body, other)
	files["refused/of-another-log"] = sign(strings.Replace(body, origin, origin+"2", 1), signer)
	files["refused/leading-zero"] = sign(strings.Replace(body, "\n", "\n0", 1), signer)
	files["refused/no-root"] = sign(body[:strings.LastIndex(body[:len(body)-1], "\n")+1], signer)
	files["refused/negative"] = sign(strings.Replace(body, "\n", "\n-", 1), signer)
	files["refused/short-root"] = sign(body[:len(body)-5]+"\n", signer)
	files["refused/unsigned"] = []byte(body + "\n")
	files["refused/moved"] = bytes.Replace(whole, []byte("\n"), []byte("\n1"), 1)
	return nil
}

func lines(path []tlog.Hash) string {
	var all strings.Builder
	for _, hash := range path {
		fmt.Fprintln(&all, hash)
	}
	return all.String()
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}
