package rewrap

// Summary is what became of the lines.
type Summary struct {
	Key   string `json:"key"`
	Lines int    `json:"lines"`
	// Rewrapped have a new ciphertext in the output. Latest had been of the wanted version
	// already, Blank have no ciphertext, and Failed could not be rewrapped: these are in the
	// output as they were in the input.
	Rewrapped int `json:"rewrapped"`
	Latest    int `json:"already_latest"`
	Blank     int `json:"blank"`
	Failed    int `json:"failed"`
	// Failures are the first of the failed lines.
	Failures []Failure `json:"failures"`
}

// Failure is why a line failed.
type Failure struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// maxFailures bounds how many are kept, in the state too.
const maxFailures = 1000

// count adds a line that is done.
func (s *Summary) count(l *line) {
	s.Lines++
	switch {
	case l.blank():
		s.Blank++
	case l.fault != nil:
		s.Failed++
		if len(s.Failures) < maxFailures {
			s.Failures = append(s.Failures, Failure{l.number, l.fault.Error()})
		}
	case l.fresh != "":
		s.Rewrapped++
	default:
		s.Latest++
	}
}

func (s *Summary) sound() bool {
	for _, count := range []int{s.Rewrapped, s.Latest, s.Blank, s.Failed} {
		if count < 0 || count > s.Lines {
			return false
		}
	}
	return s.Lines == s.Rewrapped+s.Latest+s.Blank+s.Failed && len(s.Failures) == min(s.Failed, maxFailures)
}
