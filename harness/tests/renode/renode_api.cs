// Stand-ins for what of Renode's API the files in harness/renode/models use, and programs that drive them from standard input.
// Only declarations and the least behaviour; nothing here is Renode's. Arguments: what to drive, and for "registers" what it is
// made with.
//
//   scb        "r OFFSET" reads, "w OFFSET VALUE" writes, "c BYTE" is a received character, "x" a reset; a line of answer each:
//              the value read, what was transmitted meanwhile, the interrupt line
//   registers  "rWIDTH OFFSET", "wWIDTH OFFSET VALUE", "x"; the value read
//   bench      the external's own requests and answers; the serial port says each byte back, inverted
using System;
using System.Collections.Generic;
using System.Linq;
using Antmicro.Renode.Core;
using Antmicro.Renode.Peripherals;
using Antmicro.Renode.Peripherals.CPU;
using Antmicro.Renode.Peripherals.Timers;
using Antmicro.Renode.Peripherals.UART;
using Antmicro.Renode.Time;

namespace Antmicro.Renode.Time
{
    public interface IClockSource { }
    public enum Direction { Ascending, Descending }
    public enum WorkMode { Periodic, OneShot }

    public struct TimeInterval
    {
        public static TimeInterval FromMicroseconds(ulong v) { return new TimeInterval { TotalSeconds = v / 1e6 }; }
        public double TotalSeconds { get; set; }
    }

    public class MasterTimeSource
    {
        public TimeInterval ElapsedVirtualTime { get; set; }
    }
}

namespace Antmicro.Renode.Core
{
    public class GPIO
    {
        public bool IsSet;
        public void Set(bool value) { IsSet = value; }
    }

    public interface ISystemBus
    {
        byte[] ReadBytes(ulong address, int count, bool onlyMemory = false);
        void WriteBytes(byte[] bytes, ulong address, bool onlyMemory = false);
    }

#if OLD
    public class Machine
#else
    public interface IMachine
    {
        void Reset();
        ISystemBus SystemBus { get; }
        IClockSource ClockSource { get; }
        IPeripheral this[string name] { get; }
        event Action<IMachine> MachineReset;
    }

    public class TheMachine : IMachine
#endif
    {
        public void Reset() { MachineReset(this); }
        public ISystemBus SystemBus { get; set; }
        public IClockSource ClockSource { get; set; }
        public IPeripheral this[string name] { get { return Parts[name]; } }
        public Dictionary<string, IPeripheral> Parts = new Dictionary<string, IPeripheral>();
#if OLD
        public event Action<Machine> MachineReset;
#else
        public event Action<IMachine> MachineReset;
#endif
    }

    public class Emulation
    {
        public MasterTimeSource MasterTimeSource = new MasterTimeSource();
#if OLD
        public Machine this[string name] { get { return (Machine)Only; } }
#else
        public IMachine this[string name] { get { return (IMachine)Only; } }
#endif
        public object Only;

        public void RunFor(TimeInterval period)
        {
            var end = Now + period.TotalSeconds;
            while(LimitTimer.Last.Enabled && LimitTimer.Last.DueSeconds <= end)
            {
                Now = LimitTimer.Last.DueSeconds;
                LimitTimer.Last.Fire();
            }
            Now = end;
            MasterTimeSource.ElapsedVirtualTime = new TimeInterval { TotalSeconds = Now };
        }

        public static double Now;
    }
}

namespace Antmicro.Renode.Peripherals
{
    public interface IPeripheral { void Reset(); }
}

namespace Antmicro.Renode.Peripherals.Bus
{
    public interface IKnownSize { long Size { get; } }
    public interface IDoubleWordPeripheral : IPeripheral
    {
        uint ReadDoubleWord(long offset);
        void WriteDoubleWord(long offset, uint value);
    }
    public interface IWordPeripheral : IPeripheral
    {
        ushort ReadWord(long offset);
        void WriteWord(long offset, ushort value);
    }
    public interface IBytePeripheral : IPeripheral
    {
        byte ReadByte(long offset);
        void WriteByte(long offset, byte value);
    }
}

namespace Antmicro.Renode.Peripherals.CPU
{
    public struct RegisterValue { public ulong RawValue { get; set; } }

    public class CortexM : IPeripheral
    {
        public void Reset() { }
        public uint VectorTableOffset { get; set; }
        public bool IsHalted { get; set; }
        public ulong ExecutedInstructions { get { return (ulong)Math.Round(Emulation.Now * 1e6) * 3; } }
        public RegisterValue PC { get { return new RegisterValue { RawValue = VectorTableOffset + 4 }; } }
#if OLD
        public RegisterValue GetRegisterUnsafe(int n) { return new RegisterValue { RawValue = (ulong)n }; }
#else
        public RegisterValue GetRegister(int n) { return new RegisterValue { RawValue = (ulong)n }; }
#endif
    }
}

namespace Antmicro.Renode.Peripherals.Timers
{
    public class LimitTimer
    {
#if OLD
        public LimitTimer(IClockSource clockSource, long frequency, IPeripheral owner, string localName,
            ulong limit = ulong.MaxValue, Direction direction = Direction.Descending, bool enabled = false,
            WorkMode workMode = WorkMode.Periodic, bool eventEnabled = false, bool autoUpdate = false, int divider = 1)
#else
        public LimitTimer(IClockSource clockSource, ulong frequency, IPeripheral owner, string localName,
            ulong limit = ulong.MaxValue, Direction direction = Direction.Descending, bool enabled = false,
            WorkMode workMode = WorkMode.Periodic, bool eventEnabled = false, bool autoUpdate = false, ulong divider = 1)
#endif
        {
            this.limit = limit;
            Last = this;
        }

        public bool Enabled
        {
            get { return enabled; }
            set
            {
                DueSeconds = enabled ? DueSeconds : Emulation.Now + PeriodSeconds;
                enabled = value;
            }
        }

        public void Fire()
        {
            DueSeconds += PeriodSeconds;
            LimitReached();
        }

#if OLD
        public long Frequency { get; set; }
#else
        public ulong Frequency { get; set; }
#endif
        public double DueSeconds;
        public event Action LimitReached;
        public static LimitTimer Last;

        private double PeriodSeconds { get { return limit / (double)Frequency; } }
        private bool enabled;
        private readonly ulong limit;
    }
}

namespace Antmicro.Renode.Peripherals.UART
{
    public enum Parity { Odd, Even, None, Forced1, Forced0, Multidrop }
    public enum Bits { None, Half, One, OneAndAHalf, Two }

    public interface IUART : IPeripheral
    {
        void WriteChar(byte value);
        event Action<byte> CharReceived;
    }

    public abstract class UARTBase : IUART
    {
#if OLD
        protected UARTBase(Machine machine) { }
#else
        protected UARTBase(IMachine machine) { }
#endif
        public virtual void Reset() { queue.Clear(); }
        public void WriteChar(byte value) { queue.Enqueue(value); CharWritten(); }
        public event Action<byte> CharReceived;
        public abstract uint BaudRate { get; }
        public abstract Bits StopBits { get; }
        public abstract Parity ParityBit { get; }
        protected void TransmitCharacter(byte value) { if(CharReceived != null) CharReceived(value); }
        protected bool TryGetCharacter(out byte value)
        {
            value = 0;
            if(queue.Count == 0) return false;
            value = queue.Dequeue();
            if(queue.Count == 0) QueueEmptied();
            return true;
        }
        protected int Count { get { return queue.Count; } }
        protected abstract void CharWritten();
        protected abstract void QueueEmptied();
        private readonly Queue<byte> queue = new Queue<byte>();
    }
}

public class Memory : ISystemBus
{
    public byte[] ReadBytes(ulong address, int count, bool onlyMemory = false)
    {
        if(address + (ulong)count > (ulong)bytes.Length) throw new ArgumentException("no memory there");
        return bytes.Skip((int)address).Take(count).ToArray();
    }
    public void WriteBytes(byte[] data, ulong address, bool onlyMemory = false)
    {
        if(address + (ulong)data.Length > (ulong)bytes.Length) throw new ArgumentException("no memory there");
        data.CopyTo(bytes, (int)address);
    }
    private readonly byte[] bytes = new byte[0x1000];
}

public class Echo : IUART
{
    public void Reset() { }
    public void WriteChar(byte value) { CharReceived((byte)~value); }
    public event Action<byte> CharReceived;
}

public static class Drive
{
    public static void Main(string[] arguments)
    {
#if OLD
        var machine = new Machine();
#else
        var machine = new TheMachine();
#endif
        switch(arguments[0])
        {
        case "scb":
            Scb(new HilPsoc6Scb(machine));
            break;
        case "registers":
            Registers(new Antmicro.Renode.Peripherals.Miscellaneous.HilRegisters(machine, 0x1000, arguments[1], arguments[2],
                arguments[3]));
            break;
        case "bench":
            machine.SystemBus = new Memory();
            machine.Parts["sysbus.cpu"] = new CortexM();
            machine.Parts["sysbus.usart2"] = new Echo();
            var emulation = new Emulation { Only = machine };
            new Antmicro.Renode.Hil.HilBench(emulation, "dut", "usart2").Serve(Console.OpenStandardInput(),
                Console.OpenStandardOutput());
            break;
        }
    }

    private static void Scb(HilPsoc6Scb model)
    {
        var sent = new List<string>();
        model.CharReceived += b => sent.Add(b.ToString());
        string line;
        while((line = Console.ReadLine()) != null)
        {
            var word = line.Split(' ');
            var value = 0u;
            sent.Clear();
            switch(word[0])
            {
            case "r": value = model.ReadDoubleWord(long.Parse(word[1])); break;
            case "w": model.WriteDoubleWord(long.Parse(word[1]), uint.Parse(word[2])); break;
            case "c": model.WriteChar(byte.Parse(word[1])); break;
            case "x": model.Reset(); break;
            }
            Console.WriteLine(value + " " + string.Join(",", sent) + " " + (model.IRQ.IsSet ? 1 : 0));
        }
    }

    private static void Registers(Antmicro.Renode.Peripherals.Miscellaneous.HilRegisters model)
    {
        string line;
        while((line = Console.ReadLine()) != null)
        {
            var word = line.Split(' ');
            var at = word.Length > 1 ? long.Parse(word[1]) : 0;
            var value = word.Length > 2 ? uint.Parse(word[2]) : 0;
            switch(word[0])
            {
            case "r4": value = model.ReadDoubleWord(at); break;
            case "r2": value = model.ReadWord(at); break;
            case "r1": value = model.ReadByte(at); break;
            case "w4": model.WriteDoubleWord(at, value); break;
            case "w2": model.WriteWord(at, (ushort)value); break;
            case "w1": model.WriteByte(at, (byte)value); break;
            case "x": model.Reset(); break;
            }
            Console.WriteLine(value);
        }
    }
}
