//! Runs beside a map: the same answers, in memory, in files, merged and adopted.

use super::*;
use proptest::prelude::*;

type Table = Runs<16, 8>;

fn small(limit: usize) -> Table {
    Runs { limits: (limit, 4 * limit), ..Runs::new(true) }
}

fn check(runs: &Table, map: &BTreeMap<[u8; 16], [u8; 8]>) -> Result<(), TestCaseError> {
    for (key, value) in map {
        prop_assert_eq!(runs.get(key).unwrap(), Some(*value));
    }
    prop_assert_eq!(runs.get(&[0xff; 16]).unwrap(), None);
    prop_assert_eq!(runs.get(&[0; 16]).unwrap(), None);
    let keys: Vec<_> = map.keys().copied().collect();
    for (from, to) in keys.iter().zip(keys.iter().skip(70)).step_by(41) {
        let between: Vec<_> = map.range(*from..*to).map(|(key, value)| (*key, *value)).collect();
        let found = runs
            .between(from, to, |found| found.iter().map(|(key, value)| (**key, **value)).collect::<Vec<_>>());
        prop_assert_eq!(found.unwrap(), between);
    }
    Ok(())
}

proptest! {
    #[test]
    fn records_are_found_as_in_a_map(
        seed in any::<u64>(), count in 0_u64..2_000, limit in 20_usize..300, closed in 0_u64..2_000
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut unnamed, mut named, mut adopting, mut map) =
            (small(limit), small(limit), small(limit), BTreeMap::new());
        let (mut before, mut beside) = (None, None);
        for number in 0..count {
            // Every seventh key is one that was given before, mostly in several runs.
            let of = if number % 7 == 6 { number % 41 } else { number };
            let key = u128::from((seed | 1).wrapping_mul(2 * of + 1)).to_be_bytes();
            unnamed.insert(key, number.to_be_bytes()).unwrap();
            named.insert(key, number.to_be_bytes()).unwrap();
            adopting.insert(key, number.to_be_bytes()).unwrap();
            map.insert(key, number.to_be_bytes());
            if number % 501 == closed % 501 {
                let files = named.settle(folder.path(), "names").unwrap();
                named = Table { limits: (limit, 4 * limit), ..Runs::open(folder.path(), "names", true, &files).unwrap() };
            }
            if number == closed {
                before = Some((named.clone(), map.clone()));
            }
            // Settled beside whoever goes on inserting, and adopted later.
            if number % 307 == closed % 307 {
                beside = Some(adopting.clone());
            }
            if let Some(clone) = beside.take_if(|_| number % 41 == closed % 41) {
                let mut settled = clone.clone();
                settled.settle(folder.path(), "beside").unwrap();
                adopting.adopt(&clone, settled);
                check(&adopting, &map)?;
            }
        }
        prop_assert!(unnamed.all.len() <= 12, "{} runs", unnamed.all.len());
        check(&unnamed, &map)?;
        check(&named, &map)?;
        check(&adopting, &map)?;
        if let Some((named, map)) = before {
            check(&named, &map)?;
        }
    }
}

#[test]
fn no_file_is_given_the_name_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (small(64), small(64));
    for (runs, number) in [(&mut one, 1_u64), (&mut other, 2)] {
        runs.insert([7; 16], number.to_be_bytes()).unwrap();
    }
    let names = |files: Vec<Named>| files.into_iter().map(|file| file.name).collect::<Vec<_>>();
    let first = one.settle(folder.path(), "names").unwrap();
    assert_eq!(names(first.clone()), ["names-0"]);
    assert_eq!(names(other.settle(folder.path(), "names").unwrap()), ["names-1"]);
    assert_eq!(one.get(&[7; 16]).unwrap(), Some(1_u64.to_be_bytes()));
    let mut again = Table::open(folder.path(), "names", true, &first).unwrap();
    again.insert([8; 16], [0; 8]).unwrap();
    assert_eq!(
        names(again.settle(folder.path(), "names").unwrap()),
        ["names-3"],
        "merged with the older one"
    );
}

#[test]
fn after_a_copy_that_was_settled_in_vain_the_next_one_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = small(64);
    for number in 0..400_u64 {
        runs.insert(u128::from(number).to_be_bytes(), number.to_be_bytes()).unwrap();
        if number % 100 == 50 {
            // Nothing of this one is adopted, as if the disk had been full.
            runs.clone().settle(folder.path(), "names").unwrap();
            let (copy, mut settled) = (runs.clone(), runs.clone());
            settled.settle(folder.path(), "names").unwrap();
            runs.adopt(&copy, settled);
        }
    }
    for number in 0..400_u64 {
        assert_eq!(runs.get(&u128::from(number).to_be_bytes()).unwrap(), Some(number.to_be_bytes()));
    }
}

#[test]
fn a_file_that_changed_is_never_read_as_if_it_had_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = small(64);
    for number in 0..3_000_u64 {
        runs.insert(u128::from(number).to_be_bytes(), number.to_be_bytes()).unwrap();
    }
    let files = runs.settle(folder.path(), "names").unwrap();
    assert_eq!(files.len(), 1);
    let path = folder.path().join(&files[0].name);
    let whole = fs::read(&path).unwrap();
    let open = || Table::open(folder.path(), "names", true, &files);
    for at in (0..whole.len()).step_by(997).chain(whole.len() - 40..whole.len()) {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&path, changed).unwrap();
        let Ok(runs) = open() else { continue };
        let mut refused = 0;
        for number in 0..3_000_u64 {
            match runs.get(&u128::from(number).to_be_bytes()) {
                Ok(value) => assert_eq!(value, Some(number.to_be_bytes())),
                Err(error) => {
                    assert!(matches!(error, StoreError::Index(_)));
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "byte {at} was not missed");
        assert!(matches!(runs.check(), Err(StoreError::Index(_))), "byte {at}");
    }
    let mut others = small(64);
    for number in 0..3_000_u64 {
        others.insert(u128::from(number).to_be_bytes(), (number / 2).to_be_bytes()).unwrap();
    }
    let other = folder.path().join(&others.settle(folder.path(), "names").unwrap()[0].name);
    fs::copy(other, &path).unwrap();
    assert!(matches!(open(), Err(StoreError::Index(_))), "a sound one, and another");
    fs::write(&path, &whole).unwrap();
    open().unwrap().check().unwrap();
    for length in [0, 1, 35, 36, 37, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(open(), Err(StoreError::Index(_))), "{length} bytes");
    }
}

#[test]
fn between_two_keys_of_which_the_second_comes_first_there_is_nothing() {
    let mut runs = small(8);
    for number in 0..20_u128 {
        runs.insert(number.to_be_bytes(), [0; 8]).unwrap();
    }
    for (from, to, count) in [(3_u128, 9_u128, 6), (9, 9, 0), (9, 3, 0)] {
        let found = runs.between(&from.to_be_bytes(), &to.to_be_bytes(), |found| found.len());
        assert_eq!(found.unwrap(), count);
        assert!(runs.most(&from.to_be_bytes(), &to.to_be_bytes()) >= count);
    }
}
