// Stand-ins for what of Renode's API the models in harness/renode/models use, and a program that drives a model from
// standard input: "r OFFSET" reads, "w OFFSET VALUE" writes, "c BYTE" is a received character, "x" a reset. A line of answer
// each: the value read, what was transmitted meanwhile, the interrupt line. Only declarations; nothing here is Renode's.
using System;
using System.Collections.Generic;

namespace Antmicro.Renode.Core
{
#if OLD
    public class Machine { }
#else
    public interface IMachine { }
    public class TheMachine : IMachine { }
#endif
    public class GPIO
    {
        public bool IsSet;
        public void Set(bool value) { IsSet = value; }
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
}

namespace Antmicro.Renode.Peripherals.UART
{
    using Antmicro.Renode.Core;

    public enum Parity { Odd, Even, None, Forced1, Forced0, Multidrop }
    public enum Bits { None, Half, One, OneAndAHalf, Two }

    public abstract class UARTBase : IPeripheral
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

public static class Drive
{
    public static void Main()
    {
#if OLD
        var model = new Antmicro.Renode.Peripherals.UART.HilPsoc6Scb(new Antmicro.Renode.Core.Machine());
#else
        var model = new Antmicro.Renode.Peripherals.UART.HilPsoc6Scb(new Antmicro.Renode.Core.TheMachine());
#endif
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
}
