package paper

import (
	"encoding/json"
	"fmt"
	"math"
)

// plainClaim is a Claim without its own JSON.
type plainClaim Claim

// claimJSON is a claim whose statistic may be no number, for which JSON has none.
type claimJSON struct {
	plainClaim
	Statistic string
}

// MarshalJSON writes the statistic as text, exactly.
func (c Claim) MarshalJSON() ([]byte, error) {
	return json.Marshal(claimJSON{plainClaim(c), fmt.Sprint(c.Statistic)})
}

// UnmarshalJSON reads what [Claim.MarshalJSON] wrote.
func (c *Claim) UnmarshalJSON(data []byte) error {
	var j claimJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*c = Claim(j.plainClaim)
	if j.Statistic == "NaN" {
		c.Statistic = math.NaN()
		return nil
	}
	_, err := fmt.Sscan(j.Statistic, &c.Statistic)
	return err
}
